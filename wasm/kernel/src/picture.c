// Pictures [n h w c]: a margin of zeros, and other sizes.
#include "kernel.h"

static inline void copy(float *y, const float *x, int32_t n) {
	int32_t i = 0;
	for (; i + 4 <= n; i += 4) STORE(y + i, LOAD(x + i));
	for (; i < n; i++) y[i] = x[i];
}

static inline void clear(float *y, int32_t n) {
	int32_t i = 0;
	for (; i + 4 <= n; i += 4) STORE(y + i, wasm_f32x4_const_splat(0));
	for (; i < n; i++) y[i] = 0;
}

// margin copies pictures into larger ones with zeros around: rows of inner
// floats between left and right ones, h rows after top and before what makes
// height. A part is high rows of the result.
struct margin {
	int32_t kind;
	int32_t rows, height, top, h; // rows of all pictures; of one, with and without
	int32_t left, inner, right;
	int32_t high;
	const float *x;
	float *y;
};

void margin(const struct margin *j, int32_t part) {
	int32_t from = part * j->high, to = least(from + j->high, j->rows), width = j->left + j->inner + j->right;
	for (int32_t i = from; i < to; i++) {
		float *y = j->y + i * width;
		int32_t row = i % j->height - j->top;
		if (row < 0 || row >= j->h) {
			clear(y, width);
			continue;
		}
		clear(y, j->left);
		copy(y + j->left, j->x + (i / j->height * j->h + row) * j->inner, j->inner);
		clear(y + j->left + j->inner, j->right);
	}
}

// resample is, for row i and column k of y [n*oh ow c],
//
//	y = rw[0]*(cw[0]*x00 + cw[1]*x01) + rw[1]*(cw[0]*x10 + cw[1]*x11)
//
// where rows gives the two rows of x [n*h w c] and rw their weights, columns and
// cw likewise. A part is high rows of y.
struct resample {
	int32_t kind;
	int32_t count, w, ow, c;
	int32_t high;
	const int32_t *rows, *columns;
	const float *rw, *cw;
	const float *x;
	float *y;
};

void resample(const struct resample *j, int32_t part) {
	int32_t from = part * j->high, to = least(from + j->high, j->count), c = j->c, width = j->w * c;
	for (int32_t i = from; i < to; i++) {
		const float *a = j->x + j->rows[2 * i] * width, *b = j->x + j->rows[2 * i + 1] * width;
		float ra = j->rw[2 * i], rb = j->rw[2 * i + 1];
		float *y = j->y + i * j->ow * c;
		for (int32_t k = 0; k < j->ow; k++) {
			int32_t l = j->columns[2 * k] * c, r = j->columns[2 * k + 1] * c;
			float cl = j->cw[2 * k], cr = j->cw[2 * k + 1];
			v4 wal = SET(ra * cl), war = SET(ra * cr), wbl = SET(rb * cl), wbr = SET(rb * cr);
			int32_t q = 0;
#pragma clang loop unroll(disable)
			for (; q + 4 <= c; q += 4) {
				v4 s = MUL(wal, LOAD(a + l + q));
				s = ADD(s, MUL(war, LOAD(a + r + q)));
				s = ADD(s, MUL(wbl, LOAD(b + l + q)));
				s = ADD(s, MUL(wbr, LOAD(b + r + q)));
				STORE(y + q, s);
			}
			for (; q < c; q++) y[q] = ra * cl * a[l + q] + ra * cr * a[r + q] + rb * cl * b[l + q] + rb * cr * b[r + q];
			y += c;
		}
	}
}
