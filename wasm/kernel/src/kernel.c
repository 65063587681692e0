// The loops that a page spends its time in, with 128-bit vectors. Go's compiler
// has none for WebAssembly, so this module works on Go's own memory: see
// shared/device/cpu/simd. Built by tools/build-kernel.sh, the result is
// committed.
#include "kernel.h"

// work runs parts from to to-1 of a job. thread is the number of the one that
// calls.
__attribute__((export_name("work")))
void work(const int32_t *job, int32_t from, int32_t to, int32_t thread) {
	for (int32_t i = from; i < to; i++) {
		switch (*job) {
		case CONV: conv((const void *)job, i); break;
		case MARGIN: margin((const void *)job, i); break;
		case LOOP: loop((const void *)job, i); break;
		case RESAMPLE: resample((const void *)job, i); break;
		case SUMS: sums((const void *)job, i); break;
		case SQUARES: squares((const void *)job, i); break;
		case NORMAL: normal((const void *)job, i); break;
		case SPREAD: spread((const void *)job, i); break;
		case MULTIPLY: multiply((const void *)job, i); break;
		case GATHER: gather((const void *)job, i); break;
		case DEPTHWISE: depthwise((const void *)job, i); break;
		case POOL: pool((const void *)job, i); break;
		case TOGETHER: together((const void *)job, i, thread); break;
		}
	}
}
