/* The matrix unit of x86-64 (AMX): products of tiles of 16 x 32 by 32 x 16 bfloat16 numbers, summed up in float32.

   A float from 1e-31 on is three bfloat16 numbers, to the bit: it rounded, what remains rounded, and what remains then. (The
   unit takes the parts of smaller ones for 0.) Six of the nine products of such parts are larger than the rounding of a
   float32 sum. A chunk is 32 x 32 numbers as 3 x 2 tiles, one part after the other, each in two halves. numba_unit.py says
   the same in LLVM's words. */
#pragma once

#ifndef HAS_UNIT /* setup.py has asked compiler and assembler */
#define HAS_UNIT 0
#endif

#if HAS_UNIT
/* Palette 1: eight tiles of 16 rows of 64 bytes. */
INLINE void unit_on(void) {
    static const struct {
        uint8_t palette, rest[15];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } all = {1, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    __asm__ volatile("ldtilecfg %0" : : "m"(all));
}
INLINE void unit_off(void) { __asm__ volatile("tilerelease"); }

/* The parts of 16 numbers at u, each in the lower half of a word, with those of 16 at v in the upper: rounded to nearest,
   so that what is left out of products is as often above as below. */
INLINE void split(const real_t *u, const real_t *v, real_t *to) {
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000), half = _mm512_set1_epi32(0x8000);
    __m512 a = _mm512_loadu_ps(u), b = _mm512_loadu_ps(v);
    UNROLL for (int part = 0; part < 3; part++) {
        __m512i low = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(a), half), upper);
        __m512i high = _mm512_and_si512(_mm512_add_epi32(_mm512_castps_si512(b), half), upper);
        _mm512_storeu_si512(to + PLANE * part, _mm512_or_si512(_mm512_srli_epi32(low, 16), high));
        a = _mm512_sub_ps(a, _mm512_castsi512_ps(low));
        b = _mm512_sub_ps(b, _mm512_castsi512_ps(high));
    }
}

/* C (32 x 32) = first + A B, of whose rows the first 16 only where halves is 1; `first` is nothing (ZERO), one row for all
   (BIAS) or what C holds (ADD). */
INLINE void unit_product(const real_t *A, const real_t *B, int64_t chunks, const real_t *first, int64_t begin, real_t *C,
                     int64_t halves) {
    const int64_t line = 64, row = 128, apart = begin == ADD ? row : 0;
#define TAKE(tile, place) "tileloadd " #place "(%0,%1,1), %%tmm" #tile "\n"
    if (begin == ZERO) {
        __asm__ volatile("tilezero %tmm0\n tilezero %tmm1\n tilezero %tmm2\n tilezero %tmm3");
    } else {
        __asm__ volatile(TAKE(0, 0) TAKE(1, 64) : : "r"(first), "r"(apart) : "memory");
        if (halves == 2) __asm__ volatile(TAKE(2, 0) TAKE(3, 64) : : "r"(first + 4 * apart), "r"(apart) : "memory");
    }
#define LEFT(part) "tileloadd " #part "*2048(%0,%3,1), %%tmm4\n tileloadd " #part "*2048+1024(%0,%3,1), %%tmm5\n"
#define RIGHT(part) "tileloadd " #part "*2048(%1,%3,1), %%tmm6\n tileloadd " #part "*2048+1024(%1,%3,1), %%tmm7\n"
#define SUM "tdpbf16ps %%tmm6, %%tmm4, %%tmm0\n tdpbf16ps %%tmm7, %%tmm4, %%tmm1\n" \
            "tdpbf16ps %%tmm6, %%tmm5, %%tmm2\n tdpbf16ps %%tmm7, %%tmm5, %%tmm3\n"
    __asm__ volatile("1:\n" LEFT(0) RIGHT(2) SUM RIGHT(1) SUM LEFT(1) SUM RIGHT(0) SUM LEFT(2) SUM LEFT(0) SUM
                     "add $6144, %0\n add $6144, %1\n dec %2\n jnz 1b"
                     : "+&r"(A), "+&r"(B), "+&r"(chunks) : "r"(line) : "memory", "cc");
#define GIVE(tile, place) "tilestored %%tmm" #tile ", " #place "(%0,%1,1)\n"
    __asm__ volatile(GIVE(0, 0) GIVE(1, 64) : : "r"(C), "r"(row) : "memory");
    if (halves == 2) __asm__ volatile(GIVE(2, 2048) GIVE(3, 2112) : : "r"(C), "r"(row) : "memory");
#undef TAKE
#undef LEFT
#undef RIGHT
#undef SUM
#undef GIVE
}
#else /* never called: see check_unit in cython.py */
#define unit_on() (void)0
#define unit_off() (void)0
#define split(u, v, to) (void)0
#define unit_product(A, B, chunks, first, begin, C, halves) (void)0
#endif
