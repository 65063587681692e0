package tensor

import (
	"math"
	"testing"
)

func TestShape(t *testing.T) {
	s := Shape{4, 3, 7}
	if s.Numel() != 84 || s.String() != "[4 3 7]" || !s.Equal(s.Clone()) || s.Equal(Shape{4, 3}) || s.Equal(Shape{4, 3, 8}) {
		t.Errorf("shape %v misbehaves", s)
	}
}

func TestRandIsAFunctionOfItsKeys(t *testing.T) {
	keys := [][4]uint64{{1, 2, 3, 4}, {2, 2, 3, 4}, {1, 3, 3, 4}, {1, 2, 4, 4}, {1, 2, 3, 5}, {2, 1, 3, 4}, {1, 2, 4, 3}}
	seen := map[uint64]bool{}
	for _, k := range keys {
		a := NewRand(k[0], Stream(k[1]), k[2], k[3]).Uint64()
		if a != NewRand(k[0], Stream(k[1]), k[2], k[3]).Uint64() {
			t.Errorf("keys %v give two numbers", k)
		}
		if seen[a] {
			t.Errorf("keys %v repeat another's number", k)
		}
		seen[a] = true
	}
}

func TestRandMoments(t *testing.T) {
	var su, sn, snn float64
	const n = 200000
	for i := range uint64(n) {
		r := NewRand(7, 1, i/100, i%100)
		su += float64(r.Float32())
		x := float64(r.Normal())
		sn, snn = sn+x, snn+x*x
	}
	if m := su / n; math.Abs(m-.5) > .003 {
		t.Errorf("uniform mean %g", m)
	}
	if m, v := sn/n, snn/n; math.Abs(m) > .01 || math.Abs(v-1) > .015 {
		t.Errorf("normal mean %g, variance %g", m, v)
	}
}
