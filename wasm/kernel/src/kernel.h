// What the files of this module share.
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

#define SPLAT(p) wasm_v128_load32_splat(p)
#define SET(v) wasm_f32x4_splat(v)
#define LOAD(p) wasm_v128_load(p)
#define STORE(p, v) wasm_v128_store(p, v)
#define ADD wasm_f32x4_add
#define SUB wasm_f32x4_sub
#define MUL wasm_f32x4_mul
#define DIV wasm_f32x4_div

// leaky is x > 0 ? x : slope*x.
static inline v4 leaky(v4 x, v4 slope) {
	return wasm_v128_bitselect(x, MUL(x, slope), wasm_f32x4_gt(x, wasm_f32x4_const_splat(0)));
}

static inline float leaky1(float x, float slope) { return x > 0 ? x : slope * x; }

// some loads the first n > 0 of four floats, which may be the last of an array.
static inline v4 some(const float *p, int32_t n) {
	if (n >= 4) return LOAD(p);
	v4 v = wasm_v128_load32_zero(p);
	if (n > 1) v = wasm_v128_load32_lane(p + 1, v, 1);
	if (n > 2) v = wasm_v128_load32_lane(p + 2, v, 2);
	return v;
}

static inline void keep(float *p, v4 v, int32_t n) {
	if (n >= 4) {
		STORE(p, v);
		return;
	}
	wasm_v128_store32_lane(p, v, 0);
	if (n > 1) wasm_v128_store32_lane(p + 1, v, 1);
	if (n > 2) wasm_v128_store32_lane(p + 2, v, 2);
}

static inline int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

// The tile of products is 4 rows by 8 columns, one term at a time: 8 sums, 2 vectors of b
// and what is multiplied fit 16 registers. V8 gathers the loads of an unrolled
// body in front of it and spills: unrolled by 4 the same tile runs at 34
// GFLOP/s, as it is at 59, which is all that the machine has (Chromium 156).
#define ZERO8 v4 s00 = wasm_f32x4_const_splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00

// TERM adds one term to the tile: a number of each row by 8 columns at q.
#define TERM(a0, a1, a2, a3) { \
	v4 y0 = LOAD(q), y1 = LOAD(q + 4), x; \
	x = SPLAT(a0); s00 = MULADD(s00, x, y0); s01 = MULADD(s01, x, y1); \
	x = SPLAT(a1); s10 = MULADD(s10, x, y0); s11 = MULADD(s11, x, y1); \
	x = SPLAT(a2); s20 = MULADD(s20, x, y0); s21 = MULADD(s21, x, y1); \
	x = SPLAT(a3); s30 = MULADD(s30, x, y0); s31 = MULADD(s31, x, y1); }

// A job is a struct in Go's memory that begins with its kind; its parts may run
// in any order, on any thread. Go's side is shared/device/cpu/simd.
enum { CONV, MARGIN, LOOP, RESAMPLE, SUMS, SQUARES, NORMAL, SPREAD, MULTIPLY, GATHER, TOGETHER, DEPTHWISE, POOL };

struct conv;
struct margin;
struct loop;
struct resample;
struct norm;
struct winograd;
struct depthwise;
struct pool;
void conv(const struct conv *j, int32_t part);
void margin(const struct margin *j, int32_t part);
void loop(const struct loop *j, int32_t part);
void resample(const struct resample *j, int32_t part);
void sums(const struct norm *j, int32_t part);
void squares(const struct norm *j, int32_t part);
void normal(const struct norm *j, int32_t part);
void spread(const struct winograd *j, int32_t part);
void multiply(const struct winograd *j, int32_t part);
void gather(const struct winograd *j, int32_t part);
void together(const struct winograd *j, int32_t part, int32_t thread);
void depthwise(const struct depthwise *j, int32_t part);
void pool(const struct pool *j, int32_t part);
