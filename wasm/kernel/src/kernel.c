// The loops that a page spends its time in, with 128-bit vectors. Go's compiler
// has none for WebAssembly, so this module works on Go's own memory: see
// shared/device/cpu/kernel/simd_js.go. Built by make kernel, the result is
// committed.
//
// It must have neither a data segment nor a stack in memory (no arrays, no
// address of a local): both would lie over Go's. A test checks that.
#include <stdint.h>
#include <wasm_simd128.h>

typedef v128_t v4;

#ifdef __wasm_relaxed_simd__
#define MULADD(s, x, y) __builtin_wasm_relaxed_madd_f32x4(x, y, s)
#else
#define MULADD(s, x, y) wasm_f32x4_add(s, wasm_f32x4_mul(x, y))
#endif

// Keeps loads where they are written: the compiler would gather those of many
// terms first, more than there are registers.
#define HERE __asm__ volatile("" ::: "memory")

#define SPLAT(p) wasm_v128_load32_splat(p)

static inline void put(float *out, v4 lo, v4 hi, int32_t cols, int32_t add) {
	if (cols >= 8) {
		if (add) {
			lo = wasm_f32x4_add(lo, wasm_v128_load(out));
			hi = wasm_f32x4_add(hi, wasm_v128_load(out + 4));
		}
		wasm_v128_store(out, lo);
		wasm_v128_store(out + 4, hi);
		return;
	}
	if (cols >= 4) {
		if (add) lo = wasm_f32x4_add(lo, wasm_v128_load(out));
		wasm_v128_store(out, lo);
		lo = hi;
		out += 4;
		cols -= 4;
	}
	for (; cols > 0; cols--) {
		float v = wasm_f32x4_extract_lane(lo, 0);
		*out = add ? *out + v : v;
		out++;
		lo = wasm_i32x4_shuffle(lo, lo, 1, 2, 3, 3);
	}
}

// block is rows x 8 of a product: for each row i and column j < cols
//
//	s := sum over p < k of a[rows[i]+terms[p]] * b[p*stride+j]
//	c[outs[i]+j] = s, or += s where add is 1
//
// Tables and stride count floats; b has 8 columns whatever cols is. dense says
// that each four terms from a multiple of 4 on follow each other.
__attribute__((export_name("block")))
void block(int32_t n, const int32_t *rows, const int32_t *outs, int32_t k, const int32_t *terms,
		const float *a, const float *b, int32_t stride, float *c, int32_t cols, int32_t add, int32_t dense) {
	for (int32_t i = 0; i < n; i += 4) {
		int32_t left = n - i;
		const float *p0 = a + rows[i];
		const float *p1 = left > 1 ? a + rows[i + 1] : p0;
		const float *p2 = left > 2 ? a + rows[i + 2] : p0;
		const float *p3 = left > 3 ? a + rows[i + 3] : p0;
		const float *q = b;
		v4 zero = wasm_f32x4_const_splat(0);
		v4 s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
#define TERM(a0, a1, a2, a3) { \
		v4 y0 = wasm_v128_load(q), y1 = wasm_v128_load(q + 4), x; \
		q += stride; \
		x = SPLAT(a0); s00 = MULADD(s00, x, y0); s01 = MULADD(s01, x, y1); \
		x = SPLAT(a1); s10 = MULADD(s10, x, y0); s11 = MULADD(s11, x, y1); \
		x = SPLAT(a2); s20 = MULADD(s20, x, y0); s21 = MULADD(s21, x, y1); \
		x = SPLAT(a3); s30 = MULADD(s30, x, y0); s31 = MULADD(s31, x, y1); HERE; }
		int32_t t = 0;
		if (dense) {
			for (; t + 4 <= k; t += 4) {
				int32_t at = terms[t];
				const float *a0 = p0 + at, *a1 = p1 + at, *a2 = p2 + at, *a3 = p3 + at;
				TERM(a0, a1, a2, a3)
				TERM(a0 + 1, a1 + 1, a2 + 1, a3 + 1)
				TERM(a0 + 2, a1 + 2, a2 + 2, a3 + 2)
				TERM(a0 + 3, a1 + 3, a2 + 3, a3 + 3)
			}
		}
		for (; t < k; t++) {
			int32_t at = terms[t];
			TERM(p0 + at, p1 + at, p2 + at, p3 + at)
		}
		put(c + outs[i], s00, s01, cols, add);
		if (left > 1) put(c + outs[i + 1], s10, s11, cols, add);
		if (left > 2) put(c + outs[i + 2], s20, s21, cols, add);
		if (left > 3) put(c + outs[i + 3], s30, s31, cols, add);
	}
}
