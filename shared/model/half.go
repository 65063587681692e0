package model

import "math"

// maxHalf is the largest number of IEEE 754 binary16.
const maxHalf = 65504

// toHalf rounds v to binary16, to nearest even. |v| is at most maxHalf.
func toHalf(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	a := math.Abs(float64(v))
	if a < 0x1p-14 { // subnormal: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(a*0x1p24))
	}
	frac, exp := math.Frexp(a) // a = frac * 2^exp, frac in [0.5, 1)
	m := uint32(math.RoundToEven(frac * 2048))
	// m is 1024 to 2048; a carry out of the mantissa moves the exponent on.
	return sign | uint16(uint32(exp+13)<<10+m)
}

// FromHalf widens a binary16, exactly.
func FromHalf(h uint16) float32 {
	exp, m := int(h>>10&31), float64(h&1023)
	var v float64
	switch exp {
	case 0:
		v = m * 0x1p-24
	case 31:
		v = math.Inf(1)
		if m != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+m, exp-25)
	}
	if h&0x8000 != 0 {
		v = -v
	}
	return float32(v)
}
