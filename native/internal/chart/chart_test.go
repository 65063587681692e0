package chart

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

func decode(t *testing.T, b []byte, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// count returns how many pixels have about a colour.
func count(img image.Image, want color.Color) int {
	r, g, b, _ := want.RGBA()
	n := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r2, g2, b2, _ := img.At(x, y).RGBA(); r2>>8 == r>>8 && g2>>8 == g>>8 && b2>>8 == b>>8 {
				n++
			}
		}
	}
	return n
}

func TestCurves(t *testing.T) {
	lines := []Line{{"a", []float64{0, 1, 2}, []float64{3, -2, 1}}, {"none", nil, nil}, {"b", []float64{0, 2}, []float64{1, 1}}}
	b, err := Curves("losses", "step", "loss", lines)
	img := decode(t, b, err)
	if count(img, colours[0]) == 0 || count(img, colours[2]) == 0 || count(img, colours[1]) != 0 {
		t.Error("the two lines are not drawn, or an empty one is")
	}
	if b, err := Curves("empty", "", "", nil); err != nil || len(b) == 0 {
		t.Errorf("no lines: %v", err)
	}
	if _, err := Curves("odd", "", "", []Line{{"a", []float64{1}, nil}}); err == nil {
		t.Error("a line without values was drawn")
	}
}

func TestBars(t *testing.T) {
	b, err := Bars("data", "faces", []string{"01", "02"}, []string{"1", "2"}, [][]float64{{1, 0}, {1, 3}})
	img := decode(t, b, err)
	low, high := count(img, colours[0]), count(img, colours[1])
	if low == 0 || high < 3*low {
		t.Errorf("%d and %d pixels, want four times as many of the second", low, high)
	}
	if _, err := Bars("odd", "", []string{"01"}, []string{"1"}, [][]float64{{1, 2}}); err == nil {
		t.Error("more values than bars were drawn")
	}
}

func TestSheet(t *testing.T) {
	s := NewSheet(4, 2, 1, []string{"a"}, []string{"AU01"})
	x := make([]float32, 4*4*3)
	for i := range x {
		x[i] = 5 // clipped to white
	}
	x[0], x[1], x[2] = -5, -5, -5
	s.Put(1, 0, x)
	b, err := s.PNG()
	img := decode(t, b, err)
	if got := img.Bounds().Size(); got != image.Pt(5*charWidth+2*leastCell, lineHeight+leastCell) {
		t.Errorf("size %v", got)
	}
	if r, _, _, _ := img.At(5*charWidth+leastCell, lineHeight).RGBA(); r != 0 {
		t.Errorf("the picture's corner is %d, want black", r)
	}
}
