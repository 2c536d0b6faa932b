/* Rows and blocks of 16 numbers: copied, turned over, multiplied. By tile.h's macros for vectors. */
#pragma once

/* Rows are short: a masked move for what is left of a vector takes 3 cycles, a loop over it 20. */
INLINE void copy(real_t *to, const real_t *from, int64_t n) {
#if defined(__AVX512F__)
    for (; n >= WIDTH; n -= WIDTH, to += WIDTH, from += WIDTH) STORE(to, LOAD(from));
    if (n > 0) {
        FOR_TYPE(__mmask16, __mmask8) left = (FOR_TYPE(__mmask16, __mmask8))((1u << n) - 1);
        FOR_TYPE(_mm512_mask_storeu_ps, _mm512_mask_storeu_pd)(to, left, FOR_TYPE(_mm512_maskz_loadu_ps, _mm512_maskz_loadu_pd)(left, from));
    }
#else
    memcpy(to, from, (size_t)n * sizeof *to);
#endif
}

/* The same where whole vectors may be written, with zeros behind the last number: what is stored under a mask, or in parts,
   is not handed on to a load that follows. The mask comes first, being that of all rows: 0.9 of a step of 13-1 at 256. A load
   waits for every cache line that its vector lies on, masked out or not: so half a vector is loaded where that will do, which
   makes steps of 8-32-32-1 take 0.92 to 0.95. */
INLINE void lay(real_t *to, const real_t *from, int64_t n) {
#if defined(__AVX512F__) || (defined(__AVX2__) && !defined(FASTSGD_DOUBLE))
    int64_t i = 0;
#if defined(__AVX512F__)
    const FOR_TYPE(__mmask16, __mmask8) left = (FOR_TYPE(__mmask16, __mmask8))((1u << (n & (WIDTH - 1))) - 1);
#define PART(p) FOR_TYPE(_mm512_maskz_loadu_ps, _mm512_maskz_loadu_pd)(left, p)
#define HALF(p)                                                                                                            \
    FOR_TYPE(_mm512_zextps256_ps512(_mm256_maskz_loadu_ps((__mmask8)left, p)),                                             \
             _mm512_zextpd256_pd512(_mm256_maskz_loadu_pd((__mmask8)left, p)))
#else
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i left = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n & (WIDTH - 1))), places);
#define PART(p) _mm256_maskload_ps(p, left)
#define HALF(p) _mm256_zextps128_ps256(_mm_maskload_ps(p, _mm256_castsi256_si128(left)))
#endif
    for (; i + WIDTH <= n; i += WIDTH) STORE(to + i, LOAD(from + i));
    if (n - i > WIDTH / 2) STORE(to + i, PART(from + i));
    else if (i < n) STORE(to + i, HALF(from + i));
#undef PART
#undef HALF
#else
    memcpy(to, from, (size_t)n * sizeof *to);
#endif
}

/* 16 x 16 numbers, rows `from` and `to` apart, turned over: in registers as a whole, or in blocks of 4 x 4. */
static void transpose(const real_t *S, int64_t from, real_t *D, int64_t to) {
#if defined(__AVX512F__) && !defined(FASTSGD_DOUBLE)
    __m512 a[16], b[16];
    UNROLL for (int i = 0; i < 16; i++) a[i] = _mm512_loadu_ps(S + from * i);
    UNROLL for (int i = 0; i < 16; i += 2) { /* pairs, then quadruples, of neighbouring rows within 128-bit lanes */
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    UNROLL for (int i = 0; i < 16; i += 4)
        UNROLL for (int h = 0; h < 2; h++) {
            __m512d low = _mm512_castps_pd(b[i + h]), high = _mm512_castps_pd(b[i + 2 + h]);
            a[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            a[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    UNROLL for (int c = 0; c < 4; c++) { /* a[4 g + c], lane q: column 4 q + c of rows 4 g .. 4 g + 3 */
        __m512 even1 = _mm512_shuffle_f32x4(a[c], a[4 + c], 0x88), odd1 = _mm512_shuffle_f32x4(a[c], a[4 + c], 0xdd);
        __m512 even2 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0x88), odd2 = _mm512_shuffle_f32x4(a[8 + c], a[12 + c], 0xdd);
        _mm512_storeu_ps(D + to * c, _mm512_shuffle_f32x4(even1, even2, 0x88));
        _mm512_storeu_ps(D + to * (4 + c), _mm512_shuffle_f32x4(odd1, odd2, 0x88));
        _mm512_storeu_ps(D + to * (8 + c), _mm512_shuffle_f32x4(even1, even2, 0xdd));
        _mm512_storeu_ps(D + to * (12 + c), _mm512_shuffle_f32x4(odd1, odd2, 0xdd));
    }
#else
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 16; j += 4) {
            const real_t *s = S + from * i + j;
            real_t *d = D + to * j + i;
#if defined(X86) && !defined(ANY_PROCESSOR) && !defined(FASTSGD_DOUBLE)
            __m128 a = _mm_loadu_ps(s), b = _mm_loadu_ps(s + from);
            __m128 c = _mm_loadu_ps(s + 2 * from), e = _mm_loadu_ps(s + 3 * from);
            _MM_TRANSPOSE4_PS(a, b, c, e);
            _mm_storeu_ps(d, a), _mm_storeu_ps(d + to, b), _mm_storeu_ps(d + 2 * to, c), _mm_storeu_ps(d + 3 * to, e);
#elif defined(__AVX2__)
            __m256d a = _mm256_loadu_pd(s), b = _mm256_loadu_pd(s + from);
            __m256d c = _mm256_loadu_pd(s + 2 * from), e = _mm256_loadu_pd(s + 3 * from);
            __m256d p = _mm256_unpacklo_pd(a, b), q = _mm256_unpackhi_pd(a, b);
            __m256d u = _mm256_unpacklo_pd(c, e), v = _mm256_unpackhi_pd(c, e);
            _mm256_storeu_pd(d, _mm256_permute2f128_pd(p, u, 0x20));
            _mm256_storeu_pd(d + to, _mm256_permute2f128_pd(q, v, 0x20));
            _mm256_storeu_pd(d + 2 * to, _mm256_permute2f128_pd(p, u, 0x31));
            _mm256_storeu_pd(d + 3 * to, _mm256_permute2f128_pd(q, v, 0x31));
#else
            for (int r = 0; r < 4; r++)
                for (int c = 0; c < 4; c++) d[to * c + r] = s[from * r + c];
#endif
        }
#endif
}

/* The dot product of two vectors in panels, `jump` and `skip` apart; as one of dots, to the bit. */
INLINE real_t dot(const real_t *X, int64_t jump, const real_t *Y, int64_t skip, int64_t panels, int64_t width) {
    enum { PARTS = 16 / WIDTH };
    V acc[PARTS];
    UNROLL for (int v = 0; v < PARTS; v++) acc[v] = SPLAT((real_t)0);
    for (int64_t p = 0; p < panels; p++, X += jump, Y += skip)
        for (int64_t j = 0; j < width; j += 16)
            UNROLL for (int v = 0; v < PARTS; v++) acc[v] = FMA(LOAD(X + j + WIDTH * v), LOAD(Y + j + WIDTH * v), acc[v]);
    V one = SPLAT((real_t)1);
    UNROLL for (int n = PARTS / 2; n > 0; n /= 2)
        UNROLL for (int v = 0; v < n; v++) acc[v] = FMA(one, acc[v], acc[v + n]);
#if defined(__AVX512F__) && !defined(FASTSGD_DOUBLE)
    __m512 a = _mm512_add_ps(acc[0], _mm512_shuffle_f32x4(acc[0], acc[0], 0x4e));
    a = _mm512_add_ps(a, _mm512_shuffle_f32x4(a, a, 0xb1));
    a = _mm512_add_ps(a, _mm512_permute_ps(a, 0x4e));
    return _mm512_cvtss_f32(_mm512_add_ps(a, _mm512_permute_ps(a, 0xb1)));
#elif defined(__AVX2__) && !defined(FASTSGD_DOUBLE)
    __m128 a = _mm_add_ps(_mm256_castps256_ps128(acc[0]), _mm256_extractf128_ps(acc[0], 1));
    a = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(a, _mm_shuffle_ps(a, a, 1)));
#elif defined(__AVX2__)
#if defined(__AVX512F__)
    __m256d b = _mm256_add_pd(_mm512_castpd512_pd256(acc[0]), _mm512_extractf64x4_pd(acc[0], 1));
#else
    __m256d b = acc[0];
#endif
    __m128d a = _mm_add_pd(_mm256_castpd256_pd128(b), _mm256_extractf128_pd(b, 1));
    return _mm_cvtsd_f64(_mm_add_sd(a, _mm_unpackhi_pd(a, a)));
#else
    real_t lanes[WIDTH];
    STORE(lanes, acc[0]);
    UNROLL for (int s = WIDTH / 2; s > 0; s /= 2)
        UNROLL for (int j = 0; j < s; j++) lanes[j] += lanes[j + s];
    return lanes[0];
#endif
}

/* out[0:16] = dot products of 16 rows of the panels X, `jump` apart, with the vector in the panels Y, `skip` apart. Lane j
   sums columns j, 16 + j, ... in order, then lanes are summed as a tree: those 8 apart, 4, 2, 1. */
static void dots(const real_t *X, int64_t width, int64_t jump, const real_t *Y, int64_t skip, int64_t panels, real_t *out) {
    enum { PARTS = 16 / WIDTH, ABREAST = PARTS < 8 ? 8 / PARTS : 1 }; /* rows at once, with their sums in registers */
#if defined(__AVX512F__) && !defined(FASTSGD_DOUBLE)
    V row[16]; /* row r begins in a place with bits 0 and 1, 2 and 3 exchanged: so it ends in lane r */
#define BEGIN(r) (((r) & 1) << 1 | ((r) & 2) >> 1 | ((r) & 4) << 1 | ((r) & 8) >> 1)
#define SUMS(shuffle, a, b, low, high) _mm512_add_ps(shuffle(a, b, low), shuffle(a, b, high))
#else
    V one = SPLAT((real_t)1);
    real_t lanes[16][16], turned[16][16];
#endif
    UNROLL for (int r = 0; r < 16; r += ABREAST) {
        V acc[ABREAST][PARTS];
        const real_t *x = X + r * width, *y = Y;
        UNROLL for (int i = 0; i < ABREAST; i++)
            UNROLL for (int v = 0; v < PARTS; v++) acc[i][v] = SPLAT((real_t)0);
        for (int64_t p = 0; p < panels; p++, x += jump, y += skip)
            for (int64_t j = 0; j < width; j += 16)
                UNROLL for (int v = 0; v < PARTS; v++) {
                    V factor = LOAD(y + j + WIDTH * v);
                    UNROLL for (int i = 0; i < ABREAST; i++)
                        acc[i][v] = FMA(LOAD(x + i * width + j + WIDTH * v), factor, acc[i][v]);
                }
#if defined(__AVX512F__) && !defined(FASTSGD_DOUBLE)
        UNROLL for (int i = 0; i < ABREAST; i++) row[BEGIN(r + i)] = acc[i][0];
    }
    UNROLL for (int i = 0; i < 8; i++) row[i] = SUMS(_mm512_shuffle_f32x4, row[i], row[i + 8], 0x44, 0xee);
    UNROLL for (int i = 0; i < 4; i++) row[i] = SUMS(_mm512_shuffle_f32x4, row[i], row[i + 4], 0x88, 0xdd);
    UNROLL for (int i = 0; i < 2; i++) row[i] = SUMS(_mm512_shuffle_ps, row[i], row[i + 2], 0x44, 0xee);
    row[0] = SUMS(_mm512_shuffle_ps, row[0], row[1], 0x88, 0xdd);
    STORE(out, row[0]);
#undef BEGIN
#undef SUMS
#else
        UNROLL for (int i = 0; i < ABREAST; i++)
            UNROLL for (int v = 0; v < PARTS; v++) STORE(&lanes[r + i][WIDTH * v], acc[i][v]);
    }
    transpose(&lanes[0][0], 16, &turned[0][0], 16);
    for (int s = 8; s > 0; s /= 2)
        for (int j = 0; j < s; j++)
            UNROLL for (int v = 0; v < PARTS; v++)
                STORE(&turned[j][WIDTH * v], FMA(one, LOAD(&turned[j][WIDTH * v]), LOAD(&turned[j + s][WIDTH * v])));
    memcpy(out, turned[0], sizeof turned[0]);
#endif
}
