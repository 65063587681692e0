package tensor

import (
	"syscall"
	"unsafe"
)

// leastHuge is the smallest slice, in floats, that huge pages are asked for: 4 MiB.
const leastHuge = 1 << 20

// Floats is make([]float32, n) whose memory, where there is much of it, is asked of the
// system in huge pages: a first touch then costs one fault for 2 MiB instead of 512.
// Where the system has none to give nothing changes.
func Floats(n int) []float32 {
	x := make([]float32, n)
	if n >= leastHuge {
		page := syscall.Getpagesize()
		b := unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*n)
		skip := int(-uintptr(unsafe.Pointer(&b[0])) & uintptr(page-1))
		whole := (len(b) - skip) &^ (page - 1)
		_ = syscall.Madvise(b[skip:skip+whole], syscall.MADV_HUGEPAGE) // a wish
	}
	return x
}
