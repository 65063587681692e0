package kernel

import (
	"runtime"
	"sync"
	"unsafe"

	"mien/shared/tensor"
)

// area is what one task of a Winograd convolution works in: memory, and the
// pointers that it hands to assembly.
type area struct {
	desk
	floats   []float32
	dst, src [4]*float32
}

// areas lends them. Allocate makes as many as there are processors; more are
// made only when GOMAXPROCS grows later.
type areas struct {
	lock sync.Mutex
	free []*area
	size int // floats of each
}

func (a *areas) allocate() {
	if a.size == 0 {
		return
	}
	n := runtime.GOMAXPROCS(0)
	a.free = make([]*area, 0, 2*n)
	for range n {
		a.free = append(a.free, &area{floats: aligned(a.size)})
	}
}

func (a *areas) take() *area {
	a.lock.Lock()
	defer a.lock.Unlock()
	if n := len(a.free); n > 0 && len(a.free[n-1].floats) >= a.size {
		x := a.free[n-1]
		a.free = a.free[:n-1]
		return x
	}
	return &area{floats: aligned(a.size)}
}

func (a *areas) put(x *area) {
	a.lock.Lock()
	a.free = append(a.free, x)
	a.lock.Unlock()
}

// aligned returns n floats that begin on a cache line.
func aligned(n int) []float32 {
	b := tensor.Floats(n + line)
	skip := int(-uintptr(unsafe.Pointer(&b[0]))/4) & (line - 1)
	return b[skip : skip+n]
}
