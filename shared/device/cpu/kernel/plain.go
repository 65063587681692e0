package kernel

import "unsafe"

// plain is the tile in Go: eight sums, four elements of b and one of a fit the
// registers of every processor; sixteen sums are spilled on amd64 and
// run a sixth slower.
var plain = variant{name: "go", mr: 2, nr: 4, unit: 4, tiles: []tile{tilePlain}, three: plainThree, two: plainTwo}

// tilePlain is a tile of 2 x 4. The products are rounded before they are added,
// so that no platform fuses.
func tilePlain(k int, terms *int32, rows **float32, b *float32, stride int, outs **float32, add int) {
	from := (*[2]unsafe.Pointer)(unsafe.Pointer(rows))
	r0, r1 := from[0], from[1]
	var c00, c01, c02, c03, c10, c11, c12, c13 float32
	row := unsafe.Pointer(b)
	for _, at := range unsafe.Slice(terms, k) {
		y := (*[4]float32)(row)
		y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
		off := int(at) * 4
		v := *(*float32)(unsafe.Add(r0, off))
		c00 += float32(v * y0)
		c01 += float32(v * y1)
		c02 += float32(v * y2)
		c03 += float32(v * y3)
		v = *(*float32)(unsafe.Add(r1, off))
		c10 += float32(v * y0)
		c11 += float32(v * y1)
		c12 += float32(v * y2)
		c13 += float32(v * y3)
		row = unsafe.Add(row, stride*4)
	}
	to := (*[2]unsafe.Pointer)(unsafe.Pointer(outs))
	put := func(out unsafe.Pointer, a, b, c, d float32) {
		y := (*[4]float32)(out)
		if add == 1 {
			a, b, c, d = y[0]+a, y[1]+b, y[2]+c, y[3]+d
		}
		*y = [4]float32{a, b, c, d}
	}
	put(to[0], c00, c01, c02, c03)
	put(to[1], c10, c11, c12, c13)
}
