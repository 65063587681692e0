// Normalisation of pictures x [n pixels c] by mean and variance of each channel
// of each picture (instance norm), in three jobs over the same struct. The sums
// run over shards of fixed size and then over the shards in order: the same bits
// whoever computes a shard.
#include "kernel.h"

// A part is a shard of high pixels of one picture. sum and square hold a row of
// c for each part.
struct norm {
	int32_t kind;
	int32_t n, pixels, c;
	int32_t high, shards; // pixels of a shard, shards of a picture
	float epsilon;
	int32_t active;
	float slope;
	const float *x, *scale, *shift, *more; // scale and shift [n c] or [c], more [n pixels c]; each may be null
	int32_t scaleStep, shiftStep; // from picture to picture: c or 0
	float *sum, *square, *y;
};

static inline v4 mean4(const float *sum, int32_t shards, int32_t c, float count) {
	v4 s = LOAD(sum);
	for (int32_t i = 1; i < shards; i++) s = ADD(s, LOAD(sum + i * c));
	return DIV(s, SET(count));
}

static inline float mean1(const float *sum, int32_t shards, int32_t c, float count) {
	float s = *sum;
	for (int32_t i = 1; i < shards; i++) s += sum[i * c];
	return s / count;
}

// sums adds up each channel of a shard.
void sums(const struct norm *j, int32_t part) {
	int32_t c = j->c, q = 0, from = part % j->shards * j->high, count = least(j->high, j->pixels - from);
	const float *x = j->x + (part / j->shards * j->pixels + from) * c;
	float *sum = j->sum + part * c;
	for (; q + 4 <= c; q += 4) {
		const float *p = x + q;
		v4 s = wasm_f32x4_const_splat(0);
		for (int32_t i = 0; i < count; i++, p += c) s = ADD(s, LOAD(p));
		STORE(sum + q, s);
	}
	for (; q < c; q++) {
		float s = 0;
		for (int32_t i = 0; i < count; i++) s += x[i * c + q];
		sum[q] = s;
	}
}

// squares adds up the squares of the differences from the mean.
void squares(const struct norm *j, int32_t part) {
	int32_t c = j->c, q = 0, from = part % j->shards * j->high, count = least(j->high, j->pixels - from);
	int32_t picture = part / j->shards;
	const float *x = j->x + (picture * j->pixels + from) * c, *all = j->sum + picture * j->shards * c;
	float *square = j->square + part * c;
	for (; q + 4 <= c; q += 4) {
		const float *p = x + q;
		v4 s = wasm_f32x4_const_splat(0), mean = mean4(all + q, j->shards, c, j->pixels);
		for (int32_t i = 0; i < count; i++, p += c) {
			v4 d = SUB(LOAD(p), mean);
			s = ADD(s, MUL(d, d));
		}
		STORE(square + q, s);
	}
	for (; q < c; q++) {
		float s = 0, mean = mean1(all + q, j->shards, c, j->pixels);
		for (int32_t i = 0; i < count; i++) {
			float d = x[i * c + q] - mean;
			s += d * d;
		}
		square[q] = s;
	}
}

// normal is
//
//	y = act((x-mean) * unit * scale + shift) + more, unit = 1/sqrt(variance+epsilon)
//
// in that order, so that the bits are the same where scale and shift come later,
// in a step of their own.
void normal(const struct norm *j, int32_t part) {
	int32_t c = j->c, q = 0, from = part % j->shards * j->high, count = least(j->high, j->pixels - from);
	int32_t picture = part / j->shards, at = (picture * j->pixels + from) * c, own = picture * j->shards * c;
	const float *x = j->x + at, *more = j->more ? j->more + at : 0;
	const float *scale = j->scale ? j->scale + picture * j->scaleStep : 0, *shift = j->shift ? j->shift + picture * j->shiftStep : 0;
	float *y = j->y + at;
	for (; q + 4 <= c; q += 4) {
		v4 mean = mean4(j->sum + own + q, j->shards, c, j->pixels);
		v4 unit = DIV(SET(1), wasm_f32x4_sqrt(ADD(mean4(j->square + own + q, j->shards, c, j->pixels), SET(j->epsilon))));
		v4 by = scale ? LOAD(scale + q) : SET(1);
		v4 add = shift ? LOAD(shift + q) : wasm_f32x4_const_splat(0), slope = SET(j->active ? j->slope : 1);
		const float *p = x + q, *m = more + q;
		float *o = y + q;
		if (more) {
			for (int32_t i = 0; i < count; i++, p += c, o += c, m += c)
				STORE(o, ADD(LOAD(m), leaky(ADD(MUL(MUL(SUB(LOAD(p), mean), unit), by), add), slope)));
		} else {
			for (int32_t i = 0; i < count; i++, p += c, o += c)
				STORE(o, leaky(ADD(MUL(MUL(SUB(LOAD(p), mean), unit), by), add), slope));
		}
	}
	for (; q < c; q++) {
		float mean = mean1(j->sum + own + q, j->shards, c, j->pixels);
		float unit = 1 / __builtin_sqrtf(mean1(j->square + own + q, j->shards, c, j->pixels) + j->epsilon);
		float by = scale ? scale[q] : 1, add = shift ? shift[q] : 0, slope = j->active ? j->slope : 1;
		for (int32_t i = 0; i < count; i++) {
			float v = leaky1((x[i * c + q] - mean) * unit * by + add, slope);
			y[i * c + q] = more ? more[i * c + q] + v : v;
		}
	}
}
