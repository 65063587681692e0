package kernel

import (
	"unsafe"

	"mien/shared/device/cpu/kernel/basis"
)

// change is one change of basis of Winograd's convolutions, for a matrix m of p
// lines of q (see package basis) and n channels, a multiple of 8, in Go of 4:
//
//	for i < p, l < p: dst[i][l*dstep+c] = sum over k < q, j < q of m[i][k] * m[l][j] * src[k][j*sstep+c]
//
// Steps count floats.
type change func(dst **float32, dstep int, src **float32, sstep, n int)

// transforms are the five changes of a form: of pixels and weights before the
// products, of the products to pixels, and for the gradient of weights the adjoints
// of the latter two.
type transforms struct {
	basis.Form
	pixels, weights, result, spread, gather change
}

// plainThree and plainTwo are the changes in Go.
var plainThree, plainTwo = plainTransforms(basis.Three), plainTransforms(basis.Two)

func plainTransforms(f basis.Form) *transforms {
	return &transforms{
		Form:   f,
		pixels: plainChange(f.Pixels), weights: plainChange(f.Weights), result: plainChange(f.Result),
		spread: plainChange(basis.Turned(f.Result)), gather: plainChange(basis.Turned(f.Weights)),
	}
}

// plainChange returns the change by m, 4 channels at a time, as its tile is wide.
func plainChange(m [][]float32) change {
	p, q := len(m), len(m[0])
	return func(dst **float32, dstep int, src **float32, sstep, n int) {
		to, from := unsafe.Slice(dst, p), unsafe.Slice(src, q)
		at := func(row *float32, i int) *[4]float32 {
			return (*[4]float32)(unsafe.Add(unsafe.Pointer(row), 4*i))
		}
		for c := 0; c < n; c += 4 {
			for i := range p {
				var across [4][4]float32
				for j := range q {
					for k, f := range m[i] {
						add(&across[j], f, at(from[k], j*sstep+c))
					}
				}
				for l := range p {
					var sum [4]float32
					for j, f := range m[l] {
						add(&sum, f, &across[j])
					}
					*at(to[i], l*dstep+c) = sum
				}
			}
		}
	}
}

// add is y += f*x; most factors are 1, 0 or -1.
func add(y *[4]float32, f float32, x *[4]float32) {
	switch f {
	case 0:
	case 1:
		for i, v := range x {
			y[i] += v
		}
	case -1:
		for i, v := range x {
			y[i] -= v
		}
	default:
		for i, v := range x {
			y[i] += float32(f * v)
		}
	}
}
