/* The C behind the names that the kernels borrow: everything that is written for one instruction set or one compiler,
   and nothing else. Compiled for float, or with FASTSGD_DOUBLE for double. */
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__) || defined(_M_X64)
#define X86 1
#include <immintrin.h>
#elif defined(__ARM_NEON) || defined(_M_ARM64)
#include <arm_neon.h>
#endif
#ifdef _MSC_VER
#include <windows.h>
#include <intrin.h>
#define INLINE static __forceinline
#define RESTRICT __restrict
#define UNROLL
#define UNROLL4
#else
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#define RESTRICT __restrict__
#define INLINE static inline __attribute__((always_inline, unused))
#define PRAGMA(x) _Pragma(#x)
#ifdef __clang__
#define UNROLL PRAGMA(clang loop unroll(full))
#define UNROLL4 PRAGMA(clang loop unroll_count(4))
#else
#define UNROLL PRAGMA(GCC unroll 32)
#define UNROLL4 PRAGMA(GCC unroll 4)
#endif
#endif

/* -- Numbers --------------------------------------------------------------------------------------------------------- */
#ifdef FASTSGD_DOUBLE
typedef double real_t;
typedef int64_t bits_t;
#define FOR_TYPE(single, twice) twice
#define DOUBLE 1
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#else
typedef float real_t;
typedef int32_t bits_t;
#define FOR_TYPE(single, twice) single
#define DOUBLE 0
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#endif
typedef real_t *reals;
typedef real_t *RESTRICT apart; /* of a parameter that shares no memory with the others */
typedef double *doubles;
typedef int64_t *ints;
#include "records.h" /* made by the build from kernels/records.py */
typedef struct TaskRecord *Task;
typedef struct LayerRecord *Layer;
typedef struct PieceRecord *Piece;
#define REAL_BYTES ((int64_t)sizeof(real_t))

#define real(x) ((real_t)(x))
#define f8(x) ((double)(x))
#define i64(x) ((int64_t)(x))
#define u64(x) ((uint64_t)(x))
INLINE real_t where(int c, real_t a, real_t b) { return c ? a : b; }
/* GCC has one instruction for the smaller of two vectors, but of a number that it knows it makes a comparison and a choice:
   so such a one is hidden. x + -0.0 is x, whatever x is; as `nothing` is "used", somebody unseen might have changed it. */
#if defined(__GNUC__) && !defined(__clang__)
static real_t nothing __attribute__((used)) = (real_t)-0.0;
#define HIDDEN(x) (__builtin_constant_p((double)(x)) ? (x) + nothing : (x))
#else
#define HIDDEN(x) (x)
#endif
INLINE real_t minimum(real_t a, real_t b) {
    real_t u = HIDDEN(a), v = HIDDEN(b);
    return u < v ? u : v;
}
INLINE real_t maximum(real_t a, real_t b) {
    real_t u = HIDDEN(a), v = HIDDEN(b);
    return u > v ? u : v;
}
#if defined(__FMA__) || defined(__aarch64__) || defined(_M_ARM64) || (defined(_MSC_VER) && defined(__AVX2__))
#define muladd(a, b, c) FOR_TYPE(fmaf, fma)(a, b, c)
#else /* what a processor does not have, the library would work out in a hundred steps */
#define muladd(a, b, c) ((a) * (b) + (c))
#endif
#undef absolute
#define absolute(x) FOR_TYPE(fabsf, fabs)(x)
#define square_root(x) FOR_TYPE(sqrtf, sqrt)(x)
#define round_down(x) FOR_TYPE(floorf, floor)(x)

/* 2**n, and the parts of x = mantissa * 2**exponent, by the bits alone: conversions between integers and doubles exist as
   vectors on AVX-512 only, adding 1.5 * 2**52 (2**23) does the same everywhere. */
#define SHIFTER ((real_t)FOR_TYPE(12582912.0f, 6755399441055744.0))
INLINE real_t as_real(bits_t b) {
    real_t x;
    memcpy(&x, &b, sizeof x);
    return x;
}
INLINE bits_t as_bits(real_t x) {
    bits_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}
INLINE real_t pow2(real_t n) {
    return as_real((bits_t)((FOR_TYPE(uint32_t, uint64_t))as_bits(n + (SHIFTER + EXPONENT_BIAS)) << MANTISSA_BITS));
}
INLINE real_t exponent(real_t x) { /* the exponent's bits behind those of 2**23 (2**52) are that number plus the exponent */
    return as_real((as_bits(x) >> MANTISSA_BITS) | as_bits(FOR_TYPE(8388608.0f, 4503599627370496.0))) -
           FOR_TYPE(8388735.0f, 4503599627371519.0);
}
INLINE real_t mantissa(real_t x) {
    return as_real((as_bits(x) & (((bits_t)1 << MANTISSA_BITS) - 1)) | as_bits((real_t)1));
}

/* -- Memory ---------------------------------------------------------------------------------------------------------- */
#define full_width() /* for Numba: compilers of C are told by a flag */
#define short_loops() /* for Numba, too */
#define task(address) ((Task)(intptr_t)(address))
#define layer(t, l) ((Layer)(intptr_t)(t)->layers + (l))
#define piece(t, i) ((Piece)(intptr_t)(t)->piece + (i))
#define to_reals(address) ((real_t *)(intptr_t)(address))
#define to_doubles(address) ((double *)(intptr_t)(address))
#define to_ints(address) ((int64_t *)(intptr_t)(address))
#define at(array, i) ((array) + (i))
#define doubles_at(array, i) ((array) + (i))
#define ints_at(array, i) ((array) + (i))
#define call_activation(f, a, z, n, c) ((void (*)(reals, reals, int64_t, reals))(intptr_t)(f))(a, z, n, c)
#define call_product(f, A, ars, acs, run, jump, B, K, first, begin, C, rows, width)                                        \
    ((void (*)(reals, int64_t, int64_t, int64_t, int64_t, reals, int64_t, reals, int64_t, reals, int64_t, int64_t))(       \
        intptr_t)(f))(A, ars, acs, run, jump, B, K, first, begin, C, rows, width)
#define call_loss(f, d, p, y, order, rows, n, row, column, stride, scale, c, sums)                                         \
    ((void (*)(reals, reals, reals, ints, int64_t, int64_t, int64_t, int64_t, int64_t, real_t, reals, doubles))(intptr_t)( \
        f))(d, p, y, order, rows, n, row, column, stride, scale, c, sums)
#define call_point(f, d, p, y, scale, c, sum)                                                                               \
    ((void (*)(reals, reals, reals, real_t, reals, doubles))(intptr_t)(f))(d, p, y, scale, c, sum)
#define call_judge(f, d, p, y, n, m, step, scale, c, s, sums)                                                              \
    ((void (*)(reals, reals, reals, int64_t, int64_t, int64_t, real_t, reals, reals, doubles))(intptr_t)(f))(              \
        d, p, y, n, m, step, scale, c, s, sums)
#define call_update(f, w, g, v, s, u, n, h)                                                                                \
    ((void (*)(reals, reals, reals, reals, reals, int64_t, reals))(intptr_t)(f))(w, g, v, s, u, n, h)
#define call_block(f, address, order, me, rows, coming, begin, scale, step, place, h)                                     \
    ((void (*)(int64_t, ints, int64_t, int64_t, int64_t, int64_t, real_t, int64_t, int64_t, reals))(intptr_t)(f))(         \
        address, order, me, rows, coming, begin, scale, step, place, h)
#define call_settle(f, address, me, rows, begin, last, batch, h)                                                          \
    ((void (*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, reals))(intptr_t)(f))(                                \
        address, me, rows, begin, last, batch, h)
#define call_finish(f, address, me, h) ((void (*)(int64_t, int64_t, reals))(intptr_t)(f))(address, me, h)
#define call_forward(f, address, l, me, r0, n)                                                                            \
    ((void (*)(int64_t, int64_t, int64_t, int64_t, int64_t))(intptr_t)(f))(address, l, me, r0, n)
#define call_learn(f, address, l, me, p, rows, begin, last, h)                                                            \
    ((void (*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, reals))(intptr_t)(f))(address, l, me, p,     \
                                                                                                    rows, begin, last, h)
#define call_descend(f, x, stride, rows, d, g, w, v, s, u, n, width, h)                                                    \
    ((void (*)(reals, int64_t, int64_t, reals, reals, apart, apart, apart, apart, int64_t, int64_t, apart))(intptr_t)(f))( \
        x, stride, rows, d, g, w, v, s, u, n, width, h)
#define call_line(f, w, x, d, v, s, u, n, h)                                                                               \
    ((void (*)(apart, apart, apart, apart, apart, apart, int64_t, apart))(intptr_t)(f))(w, x, d, v, s, u, n, h)
#define call_rank(f, w, x, d, v, s, u, rows, width, h)                                                                     \
    ((void (*)(apart, apart, apart, apart, apart, apart, int64_t, int64_t, apart))(intptr_t)(f))(w, x, d, v, s, u, rows, width, h)

enum { ROWS, ONE, COLUMNS, LANES }; /* paths */
#include "tile.h"
#include "blocks.h"
#include "matrix_unit.h"

/* -- Threads --------------------------------------------------------------------------------------------------------- */
#ifdef _MSC_VER
#define load_acquire(p) ((int64_t)_InterlockedOr64((volatile long long *)(intptr_t)(p), 0))
#define store_release(p, x) ((void)_InterlockedExchange64((volatile long long *)(intptr_t)(p), x))
#define YIELD() SwitchToThread()
#define DOZE() Sleep(1)
#else
#define load_acquire(p) atomic_load_explicit((_Atomic int64_t *)(intptr_t)(p), memory_order_acquire)
#define store_release(p, x) atomic_store_explicit((_Atomic int64_t *)(intptr_t)(p), x, memory_order_release)
#define YIELD() sched_yield()
#define DOZE() nanosleep(&(struct timespec){0, 50000}, NULL)
#endif
#ifdef X86
#define PAUSE() _mm_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() (void)0
#endif

INLINE void relax(int64_t waited) { /* spin a few microseconds, then let others run, then sleep: as in intrinsics.py */
    if (waited < 500) PAUSE();
    else if (waited < 5000) YIELD();
    else DOZE();
}

/* -- Subnormal numbers count as zero inside the kernels: some processors take 50 times longer for them ----------------- */
INLINE int64_t subnormals_off(void) {
#ifdef X86
    unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040);
    return mode;
#elif defined(__aarch64__) && !defined(_MSC_VER)
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | (1 << 24)));
    return (int64_t)mode;
#else
    return 0;
#endif
}

INLINE void subnormals_back(int64_t mode) {
#ifdef X86
    _mm_setcsr((unsigned)mode);
#elif defined(__aarch64__) && !defined(_MSC_VER)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)mode));
#else
    (void)mode;
#endif
}
