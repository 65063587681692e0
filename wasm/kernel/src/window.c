// Depthwise convolutions and maxima of windows.
#include "kernel.h"

// depthwise is y = act(conv(x, w) + bias + more), each channel alone: x [n h w c],
// taps w [k k c], y [n*oh ow c], with zeros outside x. bias and slopes [c] and more [n*oh
// ow c] may be null. The windows of columns left to right lie inside. A part is high
// rows of y.
struct depthwise {
	int32_t kind;
	int32_t rows, oh, ow, h, w, c; // rows of all pictures
	int32_t k, stride, pad, left, right;
	int32_t high;
	const float *x, *taps, *bias, *more, *slopes;
	float *y;
};

static inline v4 ended(const struct depthwise *j, v4 v, int32_t q, int32_t at, int32_t n) {
	if (j->more) v = ADD(v, some(j->more + at, n));
	if (j->slopes) v = leaky(v, some(j->slopes + q, n));
	return v;
}

// alone computes n <= 4 channels from q on of one pixel, at index at of y. Its window
// begins at row r and column s of picture x, and may reach outside.
static inline void alone(const struct depthwise *j, const float *x, int32_t r, int32_t s, int32_t q, int32_t at, int32_t n) {
	int32_t k = j->k, c = j->c;
	int32_t a0 = r < 0 ? -r : 0, a1 = least(k, j->h - r), b0 = s < 0 ? -s : 0, b1 = least(k, j->w - s);
	v4 sum = j->bias ? some(j->bias + q, n) : wasm_f32x4_const_splat(0);
	for (int32_t a = a0; a < a1; a++) {
		const float *p = x + ((r + a) * j->w + s + b0) * c + q, *w = j->taps + (a * k + b0) * c + q;
#pragma clang loop unroll(disable)
		for (int32_t b = b0; b < b1; b++) {
			sum = MULADD(sum, some(p, n), some(w, n));
			p += c;
			w += c;
		}
	}
	keep(j->y + at, ended(j, sum, q, at, n), n);
}

// four computes 4 channels of four pixels whose windows lie inside but for rows; p is
// where the first one's begins in its row a0.
static inline void four(const struct depthwise *j, const float *p, int32_t a0, int32_t a1, int32_t q, int32_t at) {
	int32_t k = j->k, c = j->c, step = j->stride * c, pitch = (j->w - k) * c;
	const float *w = j->taps + a0 * k * c + q;
	v4 s0 = j->bias ? LOAD(j->bias + q) : wasm_f32x4_const_splat(0), s1 = s0, s2 = s0, s3 = s0;
	const float *p0 = p, *p1 = p0 + step, *p2 = p1 + step, *p3 = p2 + step;
	for (int32_t a = a0; a < a1; a++) {
#pragma clang loop unroll(disable)
		for (int32_t b = 0; b < k; b++) {
			v4 tap = LOAD(w);
			s0 = MULADD(s0, LOAD(p0), tap);
			s1 = MULADD(s1, LOAD(p1), tap);
			s2 = MULADD(s2, LOAD(p2), tap);
			s3 = MULADD(s3, LOAD(p3), tap);
			w += c;
			p0 += c;
			p1 += c;
			p2 += c;
			p3 += c;
		}
		p0 += pitch;
		p1 += pitch;
		p2 += pitch;
		p3 += pitch;
	}
	STORE(j->y + at, ended(j, s0, q, at, 4));
	STORE(j->y + at + c, ended(j, s1, q, at + c, 4));
	STORE(j->y + at + 2 * c, ended(j, s2, q, at + 2 * c, 4));
	STORE(j->y + at + 3 * c, ended(j, s3, q, at + 3 * c, 4));
}

// channels computes n <= 4 channels from q on of a row of y.
static inline void channels(const struct depthwise *j, int32_t row, int32_t q, int32_t n) {
	int32_t c = j->c, r = row % j->oh * j->stride - j->pad, left = j->left, right = n < 4 ? j->left : j->right;
	const float *x = j->x + row / j->oh * j->h * j->w * c;
	int32_t at = row * j->ow * c + q, i = 0;
	for (; i < left; i++) alone(j, x, r, i * j->stride - j->pad, q, at + i * c, n);
	int32_t a0 = r < 0 ? -r : 0, a1 = least(j->k, j->h - r);
	if (a0 < a1)
		for (; i + 4 <= right; i += 4) four(j, x + ((r + a0) * j->w + i * j->stride - j->pad) * c + q, a0, a1, q, at + i * c);
	for (; i < j->ow; i++) alone(j, x, r, i * j->stride - j->pad, q, at + i * c, n);
}

void depthwise(const struct depthwise *j, int32_t part) {
	int32_t from = part * j->high, to = least(from + j->high, j->rows), c = j->c;
	for (int32_t row = from; row < to; row++) {
		if (c < 4) {
			channels(j, row, 0, c);
			continue;
		}
		// The last channels may be computed twice, to the same bits.
		for (int32_t q = 0; q < c; q += 4) channels(j, row, least(q, c - 4), 4);
	}
}

// pool is y [n*oh ow c], the maxima of windows of k x k of x [n h w c]. A part is high
// rows of y.
struct pool {
	int32_t kind;
	int32_t rows, oh, ow, h, w, c;
	int32_t k, stride;
	int32_t high;
	const float *x;
	float *y;
};

void pool(const struct pool *j, int32_t part) {
	int32_t from = part * j->high, to = least(from + j->high, j->rows), c = j->c, width = j->w * c;
	for (int32_t row = from; row < to; row++) {
		const float *x = j->x + (row / j->oh * j->h + row % j->oh * j->stride) * width;
		float *y = j->y + row * j->ow * c;
		for (int32_t i = 0; i < j->ow; i++, x += j->stride * c, y += c) {
			for (int32_t q = 0; q < c; q += 4) {
				int32_t n = least(c - q, 4);
				const float *p = x + q;
				v4 most = some(p, n);
				if (j->k == 2) {
					most = wasm_f32x4_pmax(most, some(p + c, n));
					most = wasm_f32x4_pmax(most, some(p + width, n));
					most = wasm_f32x4_pmax(most, some(p + width + c, n));
				} else {
					for (int32_t a = 0; a < j->k; a++)
						for (int32_t b = 0; b < j->k; b++) most = wasm_f32x4_pmax(most, some(p + a * width + b * c, n));
				}
				keep(y + q, most, n);
			}
		}
	}
}
