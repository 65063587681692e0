// Depthwise convolutions and maxima of windows.
#include "kernel.h"

// A struct that is handed to a function would need a stack in memory.
#define INLINE static inline __attribute__((always_inline))

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

// quad is what the pixels of a run of n <= 4 channels share; it lives in registers.
struct quad {
	const float *w, *more; // taps; the picture added to y, or null
	float *y;
	v4 bias, slope;
	int32_t c, n, active;
};

INLINE v4 ended(struct quad u, v4 v, int32_t at) {
	if (u.more) v = ADD(v, some(u.more + at, u.n));
	if (u.active) v = leaky(v, u.slope);
	return v;
}

// alone computes one pixel, at index at of y. Its window begins at row r and column s
// of picture x, and may reach outside.
INLINE void alone(const struct depthwise *j, struct quad u, const float *x, int32_t r, int32_t s, int32_t at) {
	int32_t k = j->k, c = u.c, n = u.n;
	int32_t a0 = r < 0 ? -r : 0, a1 = least(k, j->h - r), b0 = s < 0 ? -s : 0, b1 = least(k, j->w - s);
	v4 sum = u.bias;
	for (int32_t a = a0; a < a1; a++) {
		const float *p = x + ((r + a) * j->w + s + b0) * c, *w = u.w + (a * k + b0) * c;
#pragma clang loop unroll(disable)
		for (int32_t b = b0; b < b1; b++) {
			sum = MULADD(sum, some(p, n), some(w, n));
			p += c;
			w += c;
		}
	}
	keep(u.y + at, ended(u, sum, at), n);
}

#define ENDED { \
	STORE(u.y + at, ended(u, s0, at)); \
	STORE(u.y + at + c, ended(u, s1, at + c)); \
	STORE(u.y + at + 2 * c, ended(u, s2, at + 2 * c)); \
	STORE(u.y + at + 3 * c, ended(u, s3, at + 3 * c)); }

// four computes four pixels whose windows lie inside but for rows; p is where the first
// one's begins in its row a0.
INLINE void four(struct quad u, const float *p, int32_t a0, int32_t a1, int32_t at, int32_t k, int32_t step, int32_t pitch) {
	int32_t c = u.c;
	const float *w = u.w + a0 * k * c;
	v4 s0 = u.bias, s1 = s0, s2 = s0, s3 = s0;
	const float *p0 = p, *p1 = p0 + step, *p2 = p1 + step, *p3 = p2 + step;
	pitch -= k * c;
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
	ENDED
}

// four3 is four for 3 x 3 taps and stride 1 or 2, where neighbours share what they read
// of x.
INLINE void four3(struct quad u, const float *p, int32_t a0, int32_t a1, int32_t at, int32_t stride, int32_t pitch) {
	int32_t c = u.c;
	const float *w = u.w + a0 * 3 * c;
	v4 s0 = u.bias, s1 = s0, s2 = s0, s3 = s0;
#pragma clang loop unroll(disable)
	for (int32_t a = a0; a < a1; a++) {
		v4 t0 = LOAD(w), t1 = LOAD(w + c), t2 = LOAD(w + 2 * c), x = LOAD(p);
		s0 = MULADD(s0, x, t0);
		x = LOAD(p + c);
		s0 = MULADD(s0, x, t1);
		if (stride == 1) {
			s1 = MULADD(s1, x, t0);
			x = LOAD(p + 2 * c);
			s0 = MULADD(s0, x, t2);
			s1 = MULADD(s1, x, t1);
			s2 = MULADD(s2, x, t0);
			x = LOAD(p + 3 * c);
			s1 = MULADD(s1, x, t2);
			s2 = MULADD(s2, x, t1);
			s3 = MULADD(s3, x, t0);
			x = LOAD(p + 4 * c);
			s2 = MULADD(s2, x, t2);
			s3 = MULADD(s3, x, t1);
			x = LOAD(p + 5 * c);
			s3 = MULADD(s3, x, t2);
		} else {
			x = LOAD(p + 2 * c);
			s0 = MULADD(s0, x, t2);
			s1 = MULADD(s1, x, t0);
			s1 = MULADD(s1, LOAD(p + 3 * c), t1);
			x = LOAD(p + 4 * c);
			s1 = MULADD(s1, x, t2);
			s2 = MULADD(s2, x, t0);
			s2 = MULADD(s2, LOAD(p + 5 * c), t1);
			x = LOAD(p + 6 * c);
			s2 = MULADD(s2, x, t2);
			s3 = MULADD(s3, x, t0);
			s3 = MULADD(s3, LOAD(p + 7 * c), t1);
			s3 = MULADD(s3, LOAD(p + 8 * c), t2);
		}
		w += 3 * c;
		p += pitch;
	}
	ENDED
}

// channels computes n <= 4 channels from q on of a row of y.
INLINE void channels(const struct depthwise *j, int32_t row, int32_t q, int32_t n) {
	int32_t c = j->c, stride = j->stride, pad = j->pad, k = j->k, pitch = j->w * c, r = row % j->oh * stride - pad;
	const float *x = j->x + row / j->oh * j->h * pitch + q;
	struct quad u = { j->taps + q, j->more, j->y, wasm_f32x4_const_splat(0), wasm_f32x4_const_splat(0), c, n, 0 };
	if (j->bias) u.bias = some(j->bias + q, n);
	if (j->slopes) {
		u.slope = some(j->slopes + q, n);
		u.active = 1;
	}
	int32_t at = row * j->ow * c + q, i = 0, left = j->left, right = j->right;
	for (; i < left; i++) alone(j, u, x, r, i * stride - pad, at + i * c);
	int32_t a0 = r < 0 ? -r : 0, a1 = least(k, j->h - r);
	if (n == 4 && right - left >= 4 && a0 < a1) {
		// The last four may compute some pixels again, to the same bits.
		x += (r + a0) * pitch - pad * c;
		for (; i < right; i += 4) {
			int32_t first = least(i, right - 4), to = at + first * c;
			const float *p = x + first * stride * c;
			if (k == 3 && stride == 1) four3(u, p, a0, a1, to, 1, pitch);
			else if (k == 3 && stride == 2) four3(u, p, a0, a1, to, 2, pitch);
			else four(u, p, a0, a1, to, k, stride * c, pitch);
		}
		x -= (r + a0) * pitch - pad * c;
		i = right;
	}
	for (; i < j->ow; i++) alone(j, u, x, r, i * stride - pad, at + i * c);
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
