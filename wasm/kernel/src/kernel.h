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

static inline int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

// A job is a struct in Go's memory that begins with its kind; its parts may run
// in any order, on any thread. Go's side is shared/device/cpu/simd.
enum { CONV, MARGIN, LOOP, RESAMPLE, SUMS, SQUARES, NORMAL };

struct conv;
struct margin;
struct loop;
struct resample;
struct norm;
void conv(const struct conv *j, int32_t part);
void margin(const struct margin *j, int32_t part);
void loop(const struct loop *j, int32_t part);
void resample(const struct resample *j, int32_t part);
void sums(const struct norm *j, int32_t part);
void squares(const struct norm *j, int32_t part);
void normal(const struct norm *j, int32_t part);
