/* The tile: up to 12 rows of a panel in vector registers, and the transposition of a 16 x 16 block.
   Five macros an instruction set and type; the shape is chosen so that accumulators, one row of B and one element of A
   fill the registers (64-byte vectors compiled for AVX2 spill: 1.4 instead of 150 GFLOP/s). */
#pragma once
enum { ZERO, BIAS, ADD, BIAS_RELU, RELU_SLOPE }; /* what the chains begin with, and what becomes of them: see product */
enum { SCRATCH = 34 * 32 }; /* a gradient tile of 32 inputs, the bias, and a line to keep threads apart */

#if defined(FASTSGD_PLAIN)
#define ANY_PROCESSOR
#elif defined(__AVX512F__) /* 32 registers: 24 + 2 + 1 */
#define WIDTH (64 / (int)sizeof(real_t))
#define TILE_ROWS 12
#define VECS 2
typedef FOR_TYPE(__m512, __m512d) V;
#define LOAD(p) FOR_TYPE(_mm512_loadu_ps, _mm512_loadu_pd)(p)
#define STORE(p, v) FOR_TYPE(_mm512_storeu_ps, _mm512_storeu_pd)(p, v)
#define SPLAT(x) FOR_TYPE(_mm512_set1_ps, _mm512_set1_pd)(x)
#define FMA(a, b, c) FOR_TYPE(_mm512_fmadd_ps, _mm512_fmadd_pd)(a, b, c)
#define MUL(a, b) FOR_TYPE(_mm512_mul_ps, _mm512_mul_pd)(a, b)
#define RELU(v) FOR_TYPE(_mm512_max_ps, _mm512_max_pd)(SPLAT((real_t)0), v)
#define STEP(a) FOR_TYPE(_mm512_maskz_mov_ps, _mm512_maskz_mov_pd)( \
    FOR_TYPE(_mm512_cmp_ps_mask, _mm512_cmp_pd_mask)(a, SPLAT((real_t)0), _CMP_GT_OQ), SPLAT((real_t)1))
#elif defined(__AVX2__) && (defined(__FMA__) || defined(_MSC_VER)) /* 16 registers: 12 + 2 + 1 */
#define WIDTH (32 / (int)sizeof(real_t))
#define TILE_ROWS 6
#define VECS 2
typedef FOR_TYPE(__m256, __m256d) V;
#define LOAD(p) FOR_TYPE(_mm256_loadu_ps, _mm256_loadu_pd)(p)
#define STORE(p, v) FOR_TYPE(_mm256_storeu_ps, _mm256_storeu_pd)(p, v)
#define SPLAT(x) FOR_TYPE(_mm256_set1_ps, _mm256_set1_pd)(x)
#define FMA(a, b, c) FOR_TYPE(_mm256_fmadd_ps, _mm256_fmadd_pd)(a, b, c)
#define MUL(a, b) FOR_TYPE(_mm256_mul_ps, _mm256_mul_pd)(a, b)
#define RELU(v) FOR_TYPE(_mm256_max_ps, _mm256_max_pd)(SPLAT((real_t)0), v)
#define STEP(a) FOR_TYPE(_mm256_and_ps, _mm256_and_pd)( \
    FOR_TYPE(_mm256_cmp_ps, _mm256_cmp_pd)(a, SPLAT((real_t)0), _CMP_GT_OQ), SPLAT((real_t)1))
#elif defined(X86) /* 16 registers: 8 + 2 + 2; two roundings instead of one, the one place where this build differs */
#define WIDTH (16 / (int)sizeof(real_t))
#define TILE_ROWS 4
#define VECS 2
typedef FOR_TYPE(__m128, __m128d) V;
#define LOAD(p) FOR_TYPE(_mm_loadu_ps, _mm_loadu_pd)(p)
#define STORE(p, v) FOR_TYPE(_mm_storeu_ps, _mm_storeu_pd)(p, v)
#define SPLAT(x) FOR_TYPE(_mm_set1_ps, _mm_set1_pd)(x)
#define FMA(a, b, c) FOR_TYPE(_mm_add_ps, _mm_add_pd)(MUL(a, b), c)
#define MUL(a, b) FOR_TYPE(_mm_mul_ps, _mm_mul_pd)(a, b)
#define RELU(v) FOR_TYPE(_mm_max_ps, _mm_max_pd)(SPLAT((real_t)0), v)
#define STEP(a) FOR_TYPE(_mm_and_ps, _mm_and_pd)(FOR_TYPE(_mm_cmpgt_ps, _mm_cmpgt_pd)(a, SPLAT((real_t)0)), SPLAT((real_t)1))
#elif defined(__aarch64__) || defined(_M_ARM64) /* 32 registers: 24 + 4 + 1 */
#define WIDTH (16 / (int)sizeof(real_t))
#define TILE_ROWS 6
#define VECS 4
typedef FOR_TYPE(float32x4_t, float64x2_t) V;
#define LOAD(p) FOR_TYPE(vld1q_f32, vld1q_f64)(p)
#define STORE(p, v) FOR_TYPE(vst1q_f32, vst1q_f64)(p, v)
#define SPLAT(x) FOR_TYPE(vdupq_n_f32, vdupq_n_f64)(x)
#define FMA(a, b, c) FOR_TYPE(vfmaq_f32, vfmaq_f64)(c, a, b)
#define MUL(a, b) FOR_TYPE(vmulq_f32, vmulq_f64)(a, b)
#define CHOOSE(c, a, b) FOR_TYPE(vbslq_f32, vbslq_f64)(c, a, b)
#define RELU(v) CHOOSE(FOR_TYPE(vcltzq_f32, vcltzq_f64)(v), SPLAT((real_t)0), v)
#define STEP(a) CHOOSE(FOR_TYPE(vcgtzq_f32, vcgtzq_f64)(a), SPLAT((real_t)1), SPLAT((real_t)0))
#else
#define ANY_PROCESSOR
#endif

#ifdef ANY_PROCESSOR
#define WIDTH 1
#define TILE_ROWS 4
#define VECS 8
typedef real_t V;
#define LOAD(p) (*(p))
#define STORE(p, v) (*(p) = (v))
#define SPLAT(x) (x)
#if defined(FP_FAST_FMAF) && defined(FP_FAST_FMA)
#define FMA(a, b, c) FOR_TYPE(fmaf, fma)(a, b, c)
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#endif
#define MUL(a, b) ((a) * (b))
#define RELU(v) ((v) < 0 ? 0 : (v))
#define STEP(a) ((a) > 0 ? (real_t)1 : (real_t)0)
#endif
#define SPAN (VECS * WIDTH) /* columns of a tile; a panel that is narrower gets one of half as many vectors */
enum { GRADIENT_ROWS = TILE_ROWS < 8 ? 4 : 8 }; /* of a small batch; columns of x, so a divisor of 16 */

/* Into the first-level cache. GCC takes a function that does nothing else for one without effect; its calls go. */
INLINE void prefetch(const real_t *place) {
#if defined(__GNUC__)
    __builtin_prefetch(place, 0, 3);
    __asm__ volatile("");
#elif defined(X86)
    _mm_prefetch((const char *)place, _MM_HINT_T0);
#endif
}

/* C (rows x vecs*WIDTH) = first + A B. A's columns come in runs of `run` columns, `jump` numbers apart. RELU and its slope
   as formulas have them, to the bit; here they cost no pass over memory (RELU_SLOPE: `first` holds the outputs). */
INLINE void tile(const real_t *A, int64_t ars, int64_t acs, int64_t run, int64_t jump, const real_t *B, int64_t K,
                 const real_t *first, int64_t begin, real_t *C, int64_t width, const int rows, const int vecs) {
    V acc[12][VECS];
    int64_t k = 0;
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vecs; v++)
            acc[r][v] = begin == BIAS || begin == BIAS_RELU ? LOAD(first + WIDTH * v)
                        : begin == ADD ? LOAD(C + width * r + WIDTH * v) : SPLAT((real_t)0);
    if (begin == ADD) /* the next tile's lines, which by then are in no near cache */
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int v = 0; v < vecs; v++)
                if (WIDTH * v * sizeof(real_t) % 64 == 0) prefetch(C + width * (rows + r) + WIDTH * v);
    while (k < K) {
        const real_t *a = A;
        int64_t end = k + run < K ? k + run : K;
        UNROLL4 for (; k < end; k++, a += acs, B += width) {
            V b[VECS];
            UNROLL for (int v = 0; v < vecs; v++) b[v] = LOAD(B + WIDTH * v);
            UNROLL for (int r = 0; r < rows; r++) {
                V x = SPLAT(a[r * ars]);
                UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = FMA(x, b[v], acc[r][v]);
            }
        }
        A += jump;
    }
    if (begin == BIAS_RELU)
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = RELU(acc[r][v]);
    if (begin == RELU_SLOPE)
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = MUL(acc[r][v], STEP(LOAD(first + width * r + WIDTH * v)));
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vecs; v++) STORE(C + width * r + WIDTH * v, acc[r][v]);
}

/* Strides as constants: with twelve of them in registers GCC spills, which costs a tenth of the rate. A is read along its
   rows (panels of 16 or 32 columns) or down its columns. */
INLINE void fixed(const real_t *A, int64_t ars, int64_t acs, int64_t run, int64_t jump, const real_t *B, int64_t K,
                  const real_t *first, int64_t begin, real_t *C, int64_t width, const int rows, const int vecs) {
    if (ars == 1) tile(A, 1, acs, run, jump, B, K, first, begin, C, width, rows, vecs);
    else if (ars == 16) tile(A, 16, 1, run, jump, B, K, first, begin, C, width, rows, vecs);
    else if (ars == 32) tile(A, 32, 1, run, jump, B, K, first, begin, C, width, rows, vecs);
    else tile(A, ars, 1, run, jump, B, K, first, begin, C, width, rows, vecs);
}

#define TILE(name, rows)                                                                                                   \
    static void name(const real_t *A, int64_t ars, int64_t acs, int64_t run, int64_t jump, const real_t *B, int64_t K,     \
                     const real_t *first, int64_t begin, real_t *C, int64_t width) {                                       \
        if (width == 16) fixed(A, ars, acs, run, jump, B, K, first, begin, C, 16, rows, SPAN > 16 ? VECS / 2 : VECS);      \
        else fixed(A, ars, acs, run, jump, B, K, first, begin, C, 32, rows, VECS);                                         \
    }
TILE(tile_full, TILE_ROWS)
TILE(tile8, 8 < TILE_ROWS ? 8 : TILE_ROWS)
TILE(tile4, 4 < TILE_ROWS ? 4 : TILE_ROWS)
TILE(tile2, 2)
TILE(tile1, 1)

/* g (rows x width) = x' d, of columns of x that follow each other; all of them stand in a panel. Chains are short where
   batches are, so there is nothing to decide: 0.95 to 0.98 of a step with 8 rows against the tile of products. */
INLINE void gradient_of(const real_t *x, int64_t stride, int64_t K, const real_t *d, real_t *g, int64_t width, const int rows,
                        const int vecs) {
    V acc[TILE_ROWS][VECS];
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = SPLAT((real_t)0);
    for (int64_t k = 0; k < K; k++, x += stride, d += width) {
        V b[VECS];
        UNROLL for (int v = 0; v < vecs; v++) b[v] = LOAD(d + WIDTH * v);
        UNROLL for (int r = 0; r < rows; r++) {
            V a = SPLAT(x[r]);
            UNROLL for (int v = 0; v < vecs; v++) acc[r][v] = FMA(a, b[v], acc[r][v]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int v = 0; v < vecs; v++) STORE(g + width * r + WIDTH * v, acc[r][v]);
}

#define GRADIENT(name, rows)                                                                                               \
    static void name(const real_t *x, int64_t stride, int64_t K, const real_t *d, real_t *g, int64_t width) {              \
        if (width == 16)                                                                                                   \
            for (int h = 0; h < 16; h += SPAN) gradient_of(x, stride, K, d + h, g + h, 16, rows, SPAN > 16 ? VECS / 2 : VECS); \
        else                                                                                                               \
            for (int h = 0; h < 32; h += SPAN) gradient_of(x, stride, K, d + h, g + h, 32, rows, VECS);                    \
    }
GRADIENT(gradient_tile, GRADIENT_ROWS)
GRADIENT(gradient_full, TILE_ROWS)

/* C (1 x width) = first + a B for one row, after relu if wanted: four chains, k modulo 4, hide the latency of the
   multiply-add. Reads A and B up to a multiple of 4, where B is zero. */
INLINE void gemv_of(const real_t *A, int64_t run, int64_t jump, const real_t *B, int64_t K, const real_t *first, real_t *C,
                    int64_t width, int64_t relu, const int vecs) {
    V acc[4][VECS], one = SPLAT((real_t)1);
    UNROLL for (int v = 0; v < vecs; v++) {
        acc[0][v] = LOAD(first + WIDTH * v);
        acc[1][v] = acc[2][v] = acc[3][v] = SPLAT((real_t)0);
    }
    for (int64_t k = 0; k < K; A += jump) {
        const real_t *a = A;
        int64_t end = k + run < K ? k + run : K;
        for (; k < end; k += 4, a += 4, B += 4 * width)
            UNROLL for (int i = 0; i < 4; i++) {
                V x = SPLAT(a[i]);
                UNROLL for (int v = 0; v < vecs; v++) acc[i][v] = FMA(x, LOAD(B + width * i + WIDTH * v), acc[i][v]);
            }
    }
    UNROLL for (int v = 0; v < vecs; v++) {
        V even = FMA(one, acc[0][v], acc[2][v]), odd = FMA(one, acc[1][v], acc[3][v]);
        V sum = FMA(one, even, odd);
        STORE(C + WIDTH * v, relu ? RELU(sum) : sum);
    }
}

static void gemv(const real_t *A, int64_t run, int64_t jump, const real_t *B, int64_t K, const real_t *first, real_t *C,
                 int64_t width, int64_t relu) {
    if (width == 16) gemv_of(A, run, jump, B, K, first, C, 16, relu, SPAN > 16 ? VECS / 2 : VECS);
    else gemv_of(A, run, jump, B, K, first, C, 32, relu, VECS);
}

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
   is not handed on to a load that follows. The mask comes first, being that of all rows: 0.9 of a step of 13-1 at 256. */
INLINE void lay(real_t *to, const real_t *from, int64_t n) {
#if defined(__AVX512F__) || (defined(__AVX2__) && !defined(FASTSGD_DOUBLE))
    int64_t i = 0;
#if defined(__AVX512F__)
    const FOR_TYPE(__mmask16, __mmask8) left = (FOR_TYPE(__mmask16, __mmask8))((1u << (n & (WIDTH - 1))) - 1);
#define PART(p) FOR_TYPE(_mm512_maskz_loadu_ps, _mm512_maskz_loadu_pd)(left, p)
#else
    const __m256i places = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i left = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n & (WIDTH - 1))), places);
#define PART(p) _mm256_maskload_ps(p, left)
#endif
    for (; i + WIDTH <= n; i += WIDTH) STORE(to + i, LOAD(from + i));
    if (i < n) STORE(to + i, PART(from + i));
#undef PART
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
#if defined(X86) && !defined(FASTSGD_DOUBLE)
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
#if defined(__AVX512F__) && !defined(FASTSGD_DOUBLE)
    __m512 a = _mm512_add_ps(acc[0], _mm512_shuffle_f32x4(acc[0], acc[0], 0x4e));
    a = _mm512_add_ps(a, _mm512_shuffle_f32x4(a, a, 0xb1));
    a = _mm512_add_ps(a, _mm512_permute_ps(a, 0x4e));
    return _mm512_cvtss_f32(_mm512_add_ps(a, _mm512_permute_ps(a, 0xb1)));
#else
    real_t lanes[16];
    UNROLL for (int v = 0; v < PARTS; v++) STORE(lanes + WIDTH * v, acc[v]);
    UNROLL for (int s = 8; s > 0; s /= 2)
        UNROLL for (int j = 0; j < s; j++) lanes[j] += lanes[j + s];
    return lanes[0];
#endif
}

/* out[0:16] = dot products of 16 rows of the panels X, `jump` apart, with the vector in the panels Y, `skip` apart. Lane j
   sums columns j, 16 + j, ... in order, then lanes are summed as a tree: those 8 apart, 4, 2, 1. */
static void dots(const real_t *X, int64_t width, int64_t jump, const real_t *Y, int64_t skip, int64_t panels, real_t *out) {
    enum { PARTS = 16 / WIDTH, ABREAST = PARTS < 4 ? 4 : 8 / PARTS }; /* rows at once, with their sums in registers */
    V one = SPLAT((real_t)1);
#if defined(__AVX512F__) && !defined(FASTSGD_DOUBLE)
    V row[16];
#else
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
        UNROLL for (int i = 0; i < ABREAST; i++) row[r + i] = acc[i][0];
    }
    UNROLL for (int s = 8; s > 0; s /= 2) { /* lane l of the result: the sum of row l */
        int32_t low[16], high[16];
        UNROLL for (int l = 0; l < 16; l++) low[l] = l & s ? 16 + (l ^ s) : l, high[l] = l & s ? 16 + l : l | s;
        __m512i from = _mm512_loadu_si512(low), and_from = _mm512_loadu_si512(high);
        UNROLL for (int i = 0; i < s; i++)
            row[i] = FMA(one, _mm512_permutex2var_ps(row[i], from, row[i + s]), _mm512_permutex2var_ps(row[i], and_from, row[i + s]));
    }
    STORE(out, row[0]);
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
