// Convolutions and products of matrices.
#include "kernel.h"

static inline void put(float *out, v4 lo, v4 hi, int32_t cols, int32_t add) {
	if (add) {
		lo = ADD(lo, some(out, cols));
		if (cols > 4) hi = ADD(hi, some(out + 4, cols - 4));
	}
	keep(out, lo, cols);
	if (cols > 4) keep(out + 4, hi, cols - 4);
}

// block is rows x 8 of a product: for each row i and column j < cols
//
//	s := sum over p < k of a[rows[i]+terms[p]] * b[p*stride+j]
//	c[outs[i]+j] = s, or += s where add is 1
//
// Tables and stride count floats; b has 8 columns whatever cols is.
__attribute__((export_name("block")))
void block(int32_t n, const int32_t *rows, const int32_t *outs, int32_t k, const int32_t *terms,
		const float *a, const float *b, int32_t stride, float *c, int32_t cols, int32_t add) {
	for (int32_t i = 0; i < n; i += 4) {
		int32_t left = n - i;
		const float *p0 = a + rows[i];
		const float *p1 = left > 1 ? a + rows[i + 1] : p0;
		const float *p2 = left > 2 ? a + rows[i + 2] : p0;
		const float *p3 = left > 3 ? a + rows[i + 3] : p0;
		const float *q = b;
		ZERO8;
#pragma clang loop unroll(disable)
		for (int32_t t = 0; t < k; t++) {
			int32_t at = terms[t];
			TERM(p0 + at, p1 + at, p2 + at, p3 + at)
			q += stride;
		}
		put(c + outs[i], s00, s01, cols, add);
		if (left > 1) put(c + outs[i + 1], s10, s11, cols, add);
		if (left > 2) put(c + outs[i + 2], s20, s21, cols, add);
		if (left > 3) put(c + outs[i + 3], s30, s31, cols, add);
	}
}

// conv is y = act(conv(x, w) + bias + more) for pixels of y whose patches begin at
// corners in x, which has its margin: a patch is runs pieces of len floats,
// pitch floats apart. w is packed in panels of 8 columns, [runs*len 8] each, and
// bias and slopes to whole panels. A part is a band of high pixels of one panel; it takes
// turns runs at a time, so that their piece of the panel stays in the cache.
struct conv {
	int32_t kind;
	int32_t pixels, columns; // of y [pixels columns]
	int32_t runs, len, pitch, turns;
	int32_t high, across, bands; // pixels of a part; panels; parts of a panel
	int32_t whole; // 1: the parts of a panel follow each other, 0: those of a band
	const int32_t *corners, *outs; // outs: where each pixel of y lies; null: one after the other
	const float *x, *w, *bias, *more, *slopes; // bias and slopes [columns], more as y; each may be null
	float *y;
};

static inline void finish(const struct conv *j, int32_t at, v4 lo, v4 hi, int32_t panel, int32_t cols, int32_t add, int32_t last) {
	float *out = j->y + at;
	if (add) {
		lo = ADD(lo, some(out, cols));
		if (cols > 4) hi = ADD(hi, some(out + 4, cols - 4));
	}
	if (last) {
		if (j->bias) {
			lo = ADD(lo, LOAD(j->bias + panel));
			hi = ADD(hi, LOAD(j->bias + panel + 4));
		}
		if (j->more) {
			lo = ADD(lo, some(j->more + at, cols));
			if (cols > 4) hi = ADD(hi, some(j->more + at + 4, cols - 4));
		}
		if (j->slopes) {
			lo = leaky(lo, LOAD(j->slopes + panel));
			hi = leaky(hi, LOAD(j->slopes + panel + 4));
		}
	}
	put(out, lo, hi, cols, 0);
}

void conv(const struct conv *j, int32_t part) {
	int32_t panel = j->whole ? part / j->bands : part % j->across;
	int32_t from = (j->whole ? part % j->bands : part / j->across) * j->high, to = least(from + j->high, j->pixels);
	int32_t n = j->columns, cols = least(8, n - panel * 8), len = j->len;
	for (int32_t r0 = 0; r0 < j->runs; r0 += j->turns) {
		int32_t r1 = least(r0 + j->turns, j->runs), last = r1 == j->runs;
		for (int32_t i = from; i < to; i += 4) {
			int32_t left = to - i;
			const int32_t *at = j->corners + i;
			const float *x = j->x + r0 * j->pitch;
			const float *p0 = x + at[0];
			const float *p1 = left > 1 ? x + at[1] : p0;
			const float *p2 = left > 2 ? x + at[2] : p0;
			const float *p3 = left > 3 ? x + at[3] : p0;
			const float *q = j->w + (panel * j->runs + r0) * len * 8;
			int32_t step = j->pitch - len;
			ZERO8;
			for (int32_t r = r0; r < r1; r++) {
#pragma clang loop unroll(disable)
				for (const float *end = q + len * 8; q != end; q += 8) {
					TERM(p0, p1, p2, p3)
					p0++;
					p1++;
					p2++;
					p3++;
				}
				p0 += step;
				p1 += step;
				p2 += step;
				p3 += step;
			}
			const int32_t *outs = j->outs ? j->outs + i : 0;
			int32_t first = panel * 8;
			finish(j, first + (outs ? outs[0] : i * n), s00, s01, first, cols, r0, last);
			if (left > 1) finish(j, first + (outs ? outs[1] : (i + 1) * n), s10, s11, first, cols, r0, last);
			if (left > 2) finish(j, first + (outs ? outs[2] : (i + 2) * n), s20, s21, first, cols, r0, last);
			if (left > 3) finish(j, first + (outs ? outs[3] : (i + 3) * n), s30, s31, first, cols, r0, last);
		}
	}
}
