// Convolutions of 3 x 3 with stride 1 by tiles of 2 x 2 pixels: 16 products where
// a plain convolution takes 36 (Lavin and Gray: Fast algorithms for convolutional
// neural networks, 2016, section 4.1, F(2x2,3x3)):
//
//	v = Bt d B         of each tile's 4 x 4 pixels d (spread)
//	m = sum over c of v*u, for each of 16 places (multiply)
//	y = act(At m A + bias)                      (gather)
//
// Large pictures run in one job, a part being all three for a few tiles, in memory
// of the thread's own. Small ones have more weights than pixels: three jobs, the
// first two split by places, so that a thread reads half of the weights.
#include "kernel.h"

struct winograd {
	int32_t kind;
	int32_t tiles;         // of all pictures
	int32_t across, down;  // tiles of a row and of a column of a picture
	int32_t c, k;          // channels of x, and of y: whole panels
	int32_t height, pitch; // of x with its margin: rows, floats of a row
	int32_t oh, ow;        // of y
	int32_t high;          // tiles of a part
	int32_t active;
	float slope;
	const float *x, *u, *bias; // u [16][k/8 panels][c][8]; bias may be null
	float *v, *m, *y;          // v [16][n][c] and m [16][n][k] for n tiles; in one job, for each thread
};

// range is some tiles with their transforms.
#define RANGE const struct winograd *j, int32_t first, int32_t n, float *vs, float *ms

// transform makes lines from..to-1 of v for tiles i0..i1-1 of the n. Each line
// needs two lines of pixels: reading them twice costs less than 16 registers do.
static inline void transform(RANGE, int32_t i0, int32_t i1, int32_t from, int32_t to) {
	int32_t c = j->c, step = n * c;
	for (int32_t i = i0; i < i1; i++) {
		int32_t t = first + i, col = t % j->across, row = t / j->across % j->down, picture = t / j->across / j->down;
		const float *d = j->x + (picture * j->height + 2 * row) * j->pitch + 2 * col * c;
		for (int32_t line = from; line < to; line++) {
			// Bt's lines: d0-d2, d1+d2, d2-d1, d1-d3
			const float *a = d + (line == 0 ? 0 : line == 2 ? 2 : 1) * j->pitch;
			const float *b = d + (line == 3 ? 3 : line == 2 ? 1 : 2) * j->pitch;
			v4 sign = SET(line == 1 ? 1 : -1);
			float *v = vs + 4 * line * step + i * c;
			for (int32_t q = 0; q < c; q += 4) {
				v4 l0 = ADD(LOAD(a + q), MUL(sign, LOAD(b + q)));
				v4 l1 = ADD(LOAD(a + c + q), MUL(sign, LOAD(b + c + q)));
				v4 l2 = ADD(LOAD(a + 2 * c + q), MUL(sign, LOAD(b + 2 * c + q)));
				v4 l3 = ADD(LOAD(a + 3 * c + q), MUL(sign, LOAD(b + 3 * c + q)));
				STORE(v + q, SUB(l0, l2));
				STORE(v + step + q, ADD(l1, l2));
				STORE(v + 2 * step + q, SUB(l2, l1));
				STORE(v + 3 * step + q, SUB(l1, l3));
			}
		}
	}
}

// product computes one of 16 places for tiles i0..i1-1 of the n.
static inline void product(RANGE, int32_t place, int32_t i0, int32_t i1) {
	int32_t c = j->c, k = j->k;
	const float *v = vs + place * n * c, *u = j->u + place * c * k;
	float *m = ms + place * n * k;
	for (int32_t p = 0; p < k; p += 8) {
		for (int32_t i = i0; i < i1; i += 4) {
			const float *p0 = v + i * c, *p1 = i + 1 < i1 ? p0 + c : p0, *p2 = i + 2 < i1 ? p1 + c : p0, *p3 = i + 3 < i1 ? p2 + c : p0;
			const float *q = u + p * c;
			ZERO8;
#pragma clang loop unroll(disable)
			for (const float *end = q + c * 8; q != end; q += 8) {
				TERM(p0, p1, p2, p3)
				p0++;
				p1++;
				p2++;
				p3++;
			}
			float *out = m + i * k + p;
			STORE(out, s00);
			STORE(out + 4, s01);
			if (i + 1 < i1) {
				STORE(out + k, s10);
				STORE(out + k + 4, s11);
			}
			if (i + 2 < i1) {
				STORE(out + 2 * k, s20);
				STORE(out + 2 * k + 4, s21);
			}
			if (i + 3 < i1) {
				STORE(out + 3 * k, s30);
				STORE(out + 3 * k + 4, s31);
			}
		}
	}
}

// pixels makes y of tiles i0..i1-1 of the n.
static inline void pixels(RANGE, int32_t i0, int32_t i1) {
	int32_t k = j->k, step = n * k;
	v4 slope = SET(j->active ? j->slope : 1);
	for (int32_t i = i0; i < i1; i++) {
		int32_t t = first + i, col = t % j->across, row = t / j->across % j->down, picture = t / j->across / j->down;
		int32_t right = 2 * col + 1 < j->ow;
		for (int32_t line = 0; line < 2; line++) {
			if (2 * row + line >= j->oh) break;
			float *y = j->y + ((picture * j->oh + 2 * row + line) * j->ow + 2 * col) * k;
			// At's lines: m0+m1+m2, m1-m2-m3
			const float *m = ms + line * 4 * step + i * k;
			v4 sign = SET(line ? -1 : 1);
			for (int32_t q = 0; q < k; q += 4) {
				const float *n = m + q;
				v4 l0 = ADD(LOAD(n), MUL(sign, ADD(LOAD(n + 4 * step), LOAD(n + 8 * step))));
				v4 l1 = ADD(LOAD(n + step), MUL(sign, ADD(LOAD(n + 5 * step), LOAD(n + 9 * step))));
				v4 l2 = ADD(LOAD(n + 2 * step), MUL(sign, ADD(LOAD(n + 6 * step), LOAD(n + 10 * step))));
				v4 l3 = ADD(LOAD(n + 3 * step), MUL(sign, ADD(LOAD(n + 7 * step), LOAD(n + 11 * step))));
				v4 a = ADD(ADD(l0, l1), l2), b = SUB(SUB(l1, l2), l3);
				if (j->bias) {
					a = ADD(a, LOAD(j->bias + q));
					b = ADD(b, LOAD(j->bias + q));
				}
				STORE(y + q, leaky(a, slope));
				if (right) STORE(y + k + q, leaky(b, slope));
			}
		}
	}
}

void spread(const struct winograd *j, int32_t part) {
	int32_t groups = (j->tiles + j->high - 1) / j->high, line = part / groups, from = part % groups * j->high;
	transform(j, 0, j->tiles, j->v, j->m, from, least(from + j->high, j->tiles), line, line + 1);
}

void multiply(const struct winograd *j, int32_t part) {
	int32_t groups = (j->tiles + j->high - 1) / j->high, from = part % groups * j->high;
	product(j, 0, j->tiles, j->v, j->m, part / groups, from, least(from + j->high, j->tiles));
}

void gather(const struct winograd *j, int32_t part) {
	int32_t from = part * j->high;
	pixels(j, 0, j->tiles, j->v, j->m, from, least(from + j->high, j->tiles));
}

void together(const struct winograd *j, int32_t part, int32_t thread) {
	int32_t first = part * j->high, n = least(j->high, j->tiles - first);
	float *v = j->v + thread * 16 * j->high * j->c, *m = j->m + thread * 16 * j->high * j->k;
	transform(j, first, n, v, m, 0, n, 0, 4);
	for (int32_t place = 0; place < 16; place++) product(j, first, n, v, m, place, 0, n);
	pixels(j, first, n, v, m, 0, n);
}
