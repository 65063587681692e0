package webgpu

import (
	"mien/shared/plan"
	"mien/shared/tensor"
)

// around returns how many rows an axis cuts a shape into, and how many
// elements lie behind one place of it.
func around(s tensor.Shape, axis int) (outer, inner int) {
	return s[:axis].Numel(), s[axis+1:].Numel()
}

// moveCall copies rows of x into rows of y: element j of n of row o comes from
// element j-before of from's row, for before <= j < before+width, else it is
// zero.
func moveCall(x, y, rows, n, before, width, fromStride, fromAt, toStride, toAt int) *call {
	return fixed("move.wgsl", writes(reads(x), y), line(ceil(rows*n, block)), rows*n, n, before, width, fromStride, fromAt, toStride, toAt)
}

func concat(l *lowered, s plan.Step) error {
	axis, y := s.Ints[0], s.Out[0]
	outer, inner := around(l.shape(y), axis)
	total, at := l.shape(y)[axis]*inner, 0
	var calls []*call
	for _, x := range s.In {
		n := l.shape(x)[axis] * inner
		calls = append(calls, moveCall(x, y, outer, n, 0, n, n, 0, total, at))
		at += n
	}
	l.add(calls...)
	return nil
}

func slice(l *lowered, s plan.Step) error {
	axis, x, y := s.Ints[0], s.In[0], s.Out[0]
	outer, inner := around(l.shape(x), axis)
	n := (s.Ints[2] - s.Ints[1]) * inner
	l.add(moveCall(x, y, outer, n, 0, n, l.shape(x)[axis]*inner, s.Ints[1]*inner, n, 0))
	return nil
}

func pad(l *lowered, s plan.Step) error {
	axis, x, y := s.Ints[0], s.In[0], s.Out[0]
	outer, inner := around(l.shape(x), axis)
	width, n := l.shape(x)[axis]*inner, l.shape(y)[axis]*inner
	l.add(moveCall(x, y, outer, n, s.Ints[1]*inner, width, width, 0, n, 0))
	return nil
}
