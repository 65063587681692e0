package kernel

import "unsafe"

// plain is the tile in Go: 16 sums that fit a processor's (or WebAssembly's)
// registers.
var plain = variant{"go", 4, 4, tilePlain}

// tilePlain is
//
//	for p := range k { for i := range 4 { for j := range 4 { c[i*stride+j] += a[p*4+i] * b[p*4+j] } } }
//
// The products are rounded before they are added, so that no platform fuses.
func tilePlain(k int, a, b, c *float32, stride int) {
	x, y := unsafe.Slice(a, 4*k), unsafe.Slice(b, 4*k)
	var c00, c01, c02, c03, c10, c11, c12, c13 float32
	var c20, c21, c22, c23, c30, c31, c32, c33 float32
	for len(x) >= 4 && len(y) >= 4 {
		y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
		v := x[0]
		c00 += float32(v * y0)
		c01 += float32(v * y1)
		c02 += float32(v * y2)
		c03 += float32(v * y3)
		v = x[1]
		c10 += float32(v * y0)
		c11 += float32(v * y1)
		c12 += float32(v * y2)
		c13 += float32(v * y3)
		v = x[2]
		c20 += float32(v * y0)
		c21 += float32(v * y1)
		c22 += float32(v * y2)
		c23 += float32(v * y3)
		v = x[3]
		c30 += float32(v * y0)
		c31 += float32(v * y1)
		c32 += float32(v * y2)
		c33 += float32(v * y3)
		x, y = x[4:], y[4:]
	}
	out := unsafe.Slice(c, 3*stride+4)
	add := func(at int, a, b, c, d float32) {
		row := out[at : at+4]
		row[0] += a
		row[1] += b
		row[2] += c
		row[3] += d
	}
	add(0, c00, c01, c02, c03)
	add(stride, c10, c11, c12, c13)
	add(2*stride, c20, c21, c22, c23)
	add(3*stride, c30, c31, c32, c33)
}
