/* The tile: up to 12 rows of a panel in vector registers; that of gradients, and that of a single row.
   Seven macros an instruction set and type; the shape is chosen so that accumulators, one row of B and one element of A
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
#elif defined(X86) /* 16 registers: 8 + 2 + 2; two roundings instead of one, as in muladd: no other build differs */
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
enum { GRADIENT_ROWS = TILE_ROWS < 8 ? 4 : 8 }; /* of a tile of gradients of few rows */

/* Into the first-level cache, or the second. Without the empty asm GCC takes these functions for ones without effect, and
   drops their calls. */
#if defined(__GNUC__)
#define PREFETCH(place, level) do { __builtin_prefetch(place, 0, 4 - level); __asm__ volatile(""); } while (0)
#elif defined(X86)
#define PREFETCH(place, level) _mm_prefetch((const char *)(place), level == 1 ? _MM_HINT_T0 : _MM_HINT_T1)
#else
#define PREFETCH(place, level) (void)(place)
#endif
INLINE void prefetch(const real_t *place) { PREFETCH(place, 1); }
INLINE void prefetch_second(const real_t *place) { PREFETCH(place, 2); }

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
    else tile(A, 32, 1, run, jump, B, K, first, begin, C, width, rows, vecs);
}

#define TILE(name, rows)                                                                                                   \
    static void name(const real_t *A, int64_t ars, int64_t acs, int64_t run, int64_t jump, const real_t *B, int64_t K,     \
                     const real_t *first, int64_t begin, real_t *C) {                                                      \
        fixed(A, ars, acs, run, jump, B, K, first, begin, C, 32, rows, VECS);                                              \
    }
TILE(tile_full, TILE_ROWS)
TILE(tile8, 8 < TILE_ROWS ? 8 : TILE_ROWS)
TILE(tile4, 4 < TILE_ROWS ? 4 : TILE_ROWS)
TILE(tile2, 2)
TILE(tile1, 1)

/* The same for the first 16 columns of panels of either width, or as many of them as a tile has; as many that stand 16
   further on in a panel 32 wide become zero, whatever an activation or a diverged fit has left there. */
enum { HALF = SPAN > 16 ? VECS / 2 : VECS };
#define NARROW(rows)                                                                                                       \
    if (width == 16) fixed(A, ars, acs, run, jump, B, K, first, begin, C, 16, rows, HALF);                                 \
    else {                                                                                                                 \
        fixed(A, ars, acs, run, jump, B, K, first, begin, C, 32, rows, HALF);                                              \
        UNROLL for (int r = 0; r < rows; r++)                                                                              \
            UNROLL for (int v = 0; v < HALF; v++) STORE(C + 32 * r + 16 + WIDTH * v, SPLAT((real_t)0));                    \
    }

static void narrow_tile(int64_t rows, const real_t *A, int64_t ars, int64_t acs, int64_t run, int64_t jump, const real_t *B,
                        int64_t K, const real_t *first, int64_t begin, real_t *C, int64_t width) {
    switch (rows) {
    case TILE_ROWS: NARROW(TILE_ROWS); break;
#if TILE_ROWS > 8
    case 8: NARROW(8); break;
#endif
#if TILE_ROWS > 4
    case 4: NARROW(4); break;
#endif
    case 2: NARROW(2); break;
    default: NARROW(1);
    }
}

/* g (rows x width) = x' d, of columns of x that follow each other. Chains are short where batches are, so there is nothing
   to decide: 0.95 to 0.98 of a step with 8 rows against the tile of products. */
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
