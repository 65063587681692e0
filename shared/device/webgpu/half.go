package webgpu

import "math"

// packHalf stores floats as pairs of half floats, as unpack2x16float reads
// them, rounded to nearest even; an odd last one is alone in its word.
func packHalf(x []float32) []uint32 {
	y := make([]uint32, (len(x)+1)/2)
	for i, v := range x {
		y[i/2] |= uint32(toHalf(v)) << (i % 2 * 16)
	}
	return y
}

// toHalf rounds to the nearest half float; what is too large becomes infinite.
func toHalf(x float32) uint16 {
	b := math.Float32bits(x)
	sign, abs := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case abs > 0x7f800000:
		return sign | 0x7e00
	case abs >= 0x477ff000: // rounds to 65536
		return sign | 0x7c00
	case abs >= 0x38800000: // normal
		abs -= 112 << 23
		return sign | uint16((abs+0xfff+abs>>13&1)>>13)
	}
	// A multiple of 2^-24.
	return sign | uint16(math.RoundToEven(float64(math.Float32frombits(abs))*(1<<24)))
}
