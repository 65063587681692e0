package main

import (
	"math"
	"testing"

	"mien/shared/edit"
	"mien/shared/layer"
)

func TestWarpBytes(t *testing.T) {
	f := edit.NewField(2)
	copy(f.Warp, []float32{0, .1, -.1, .25, -.25, 1, -1, .00001})
	b := make([]byte, 16)
	warpBytes(b, f)
	for i, v := range f.Warp {
		got := (float64(int(b[2*i])<<8|int(b[2*i+1])) - 32768) / 32767 * warpMax
		want := math.Min(math.Max(float64(v), -warpMax), warpMax)
		if math.Abs(got-want) > warpMax/60000 || v == 0 && got != 0 {
			t.Errorf("warp %g is read as %g", v, got)
		}
	}
}

func TestShadeBytes(t *testing.T) {
	f := edit.NewField(1)
	copy(f.Shade, []float32{0, -1, .5})
	b := make([]byte, 4)
	shadeBytes(b, f)
	if b[0] != 128 || b[1] != 1 || b[2] != 192 || b[3] != 255 {
		t.Errorf("got %v", b)
	}
}

func TestPaintBytes(t *testing.T) {
	f := edit.NewField(1)
	f.Mask[0] = .5
	copy(f.Colour, []float32{-1, 1, 0})
	b := make([]byte, 4)
	paintBytes(b, f)
	if b[0] != 0 || b[1] != 255 || b[2] != 128 || b[3] != 128 {
		t.Errorf("got %v", b)
	}
}

func TestPatchBytes(t *testing.T) {
	b := make([]byte, 8)
	patchBytes(b, []byte{1, 2, 3, 4, 5, 6})
	if want := [8]byte{1, 2, 3, 255, 4, 5, 6, 255}; [8]byte(b) != want {
		t.Errorf("got %v, want %v", b, want)
	}
	patchBytes(b, nil)
	if want := [8]byte{3: 255, 7: 255}; [8]byte(b) != want {
		t.Errorf("no patch is %v, want %v", b, want)
	}
}

func TestLightBytes(t *testing.T) {
	b := make([]byte, 8)
	for _, light := range [][]uint16{nil, {layer.Unlit, layer.Unlit + 3}} {
		lightBytes(b, light)
		for i := range 2 {
			want := uint16(layer.Unlit)
			if light != nil {
				want = light[i]
			}
			if got := uint16(b[4*i])<<8 | uint16(b[4*i+1]); got != want || b[4*i+3] != 255 {
				t.Errorf("light %d is written as %v", want, b[4*i:4*i+4])
			}
		}
	}
}
