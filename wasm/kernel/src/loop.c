// Loops over whole arrays. Nothing is fused: the bits are those of the loops in
// Go (shared/device/cpu/vector), except for those with exp.
#include "kernel.h"

enum { PLUS, PLUS1, MINUS, MINUS1, FROM1, TIMES, TIMES1, OVER, OVER1, UNDER1, AFFINE, AXPY, GATE, LARGER, PRELU, EXP, TANH, SIGMOID };

// loop is an operation on n elements: y of a and b or of a and the numbers s, t
// (see the cases below). A part is high of them.
struct loop {
	int32_t kind;
	int32_t op, n, high;
	float s, t;
	const float *a, *b;
	float *y;
};

// exp4 is exp32 of shared/device/cpu/approx.go, whose error bound holds here.
static inline v4 exp4(v4 x) {
	v4 in = wasm_f32x4_pmin(SET(88.72f), wasm_f32x4_pmax(SET(-87.33f), x));
	v4 n = wasm_f32x4_nearest(MUL(in, SET(1.44269504088896341f)));
	v4 r = SUB(SUB(in, MUL(n, SET(0.693359375f))), MUL(n, SET(-2.12194440e-4f)));
	v4 p = SET(1.9875691500e-4f);
	p = ADD(MUL(p, r), SET(1.3981999507e-3f));
	p = ADD(MUL(p, r), SET(8.3334519073e-3f));
	p = ADD(MUL(p, r), SET(4.1665795894e-2f));
	p = ADD(MUL(p, r), SET(1.6666665459e-1f));
	p = ADD(MUL(p, r), SET(5.0000001201e-1f));
	p = ADD(ADD(MUL(MUL(p, r), r), r), SET(1));
	// In two factors: 2^128 has no float32.
	v4 k = wasm_i32x4_trunc_sat_f32x4(n), half = wasm_i32x4_shr(k, 1);
	p = MUL(p, wasm_i32x4_shl(wasm_i32x4_add(half, wasm_i32x4_splat(127)), 23));
	p = MUL(p, wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_sub(k, half), wasm_i32x4_splat(127)), 23));
	p = wasm_v128_bitselect(wasm_f32x4_splat(__builtin_inff()), p, wasm_f32x4_gt(x, SET(88.72f)));
	p = wasm_v128_bitselect(wasm_f32x4_const_splat(0), p, wasm_f32x4_lt(x, SET(-87.33f)));
	return wasm_v128_bitselect(p, x, wasm_f32x4_eq(x, x)); // NaN stays NaN
}

// tanh4 is tanh32 there.
static inline v4 tanh4(v4 x) {
	v4 a = wasm_f32x4_abs(x), z = MUL(x, x);
	v4 p = SET(-5.70498872745e-3f);
	p = ADD(MUL(p, z), SET(2.06390887954e-2f));
	p = ADD(MUL(p, z), SET(-5.37397155531e-2f));
	p = ADD(MUL(p, z), SET(1.33314422036e-1f));
	p = ADD(MUL(p, z), SET(-3.33332819422e-1f));
	p = ADD(MUL(MUL(p, z), x), x);
	v4 big = SUB(SET(1), DIV(SET(2), ADD(exp4(ADD(a, a)), SET(1))));
	big = wasm_v128_or(big, wasm_v128_and(x, wasm_i32x4_splat((int32_t)0x80000000)));
	return wasm_v128_bitselect(p, big, wasm_f32x4_lt(a, SET(.625f)));
}

static inline v4 sigmoid4(v4 x) { return DIV(SET(1), ADD(SET(1), exp4(wasm_f32x4_neg(x)))); }

static inline v4 gate4(v4 x, v4 g, v4 slope) {
	return wasm_v128_bitselect(g, MUL(g, slope), wasm_f32x4_gt(x, wasm_f32x4_const_splat(0)));
}

// EACH is for four elements at a time, the last ones singly in vectors of equal
// numbers. A, B and Y are the elements of a, b and y.
#define EACH(f) { \
	int32_t i = from; \
	for (; i + 4 <= to; i += 4) STORE(j->y + i, f(LOAD)); \
	for (; i < to; i++) wasm_v128_store32_lane(j->y + i, f(SPLAT), 0); \
	break; }
#define A(load) load(j->a + i)
#define B(load) load(j->b + i)
#define Y(load) load(j->y + i)
#define F_PLUS(l) ADD(A(l), B(l))
#define F_PLUS1(l) ADD(A(l), s)
#define F_MINUS(l) SUB(A(l), B(l))
#define F_MINUS1(l) SUB(A(l), s)
#define F_FROM1(l) SUB(s, A(l))
#define F_TIMES(l) MUL(A(l), B(l))
#define F_TIMES1(l) MUL(A(l), s)
#define F_OVER(l) DIV(A(l), B(l))
#define F_OVER1(l) DIV(A(l), s)
#define F_UNDER1(l) DIV(s, A(l))
#define F_AFFINE(l) ADD(MUL(s, A(l)), t)
#define F_AXPY(l) ADD(Y(l), MUL(A(l), s))
#define F_GATE(l) gate4(A(l), B(l), s)
#define F_LARGER(l) wasm_f32x4_pmax(A(l), B(l))
#define F_PRELU(l) leaky(A(l), B(l))
#define F_EXP(l) exp4(A(l))
#define F_TANH(l) tanh4(A(l))
#define F_SIGMOID(l) sigmoid4(A(l))

void loop(const struct loop *j, int32_t part) {
	int32_t from = part * j->high, to = least(from + j->high, j->n);
	v4 s = SET(j->s), t = SET(j->t);
	switch (j->op) {
	case PLUS: EACH(F_PLUS)
	case PLUS1: EACH(F_PLUS1)
	case MINUS: EACH(F_MINUS)
	case MINUS1: EACH(F_MINUS1)
	case FROM1: EACH(F_FROM1)
	case TIMES: EACH(F_TIMES)
	case TIMES1: EACH(F_TIMES1)
	case OVER: EACH(F_OVER)
	case OVER1: EACH(F_OVER1)
	case UNDER1: EACH(F_UNDER1)
	case AFFINE: EACH(F_AFFINE)
	case AXPY: EACH(F_AXPY)
	case GATE: EACH(F_GATE)
	case LARGER: EACH(F_LARGER)
	case PRELU: EACH(F_PRELU)
	case EXP: EACH(F_EXP)
	case TANH: EACH(F_TANH)
	case SIGMOID: EACH(F_SIGMOID)
	}
}
