package edit

import (
	"testing"

	"mien/shared/tensor"
)

// socket is skin with a dark band under where brows lie, and a field of size that draws up
// what lies above the lids by rise, from its middle on, stretching the band.
func socket(size int, rise float32) (*tensor.Tensor, Field) {
	const side = 128
	crop, f := tensor.New(1, side, side, 3), NewField(size)
	for i := range side * side {
		y := (2*float32(i/side)+1)/side - 1
		for c := range 3 {
			crop.Data[3*i+c] = [3]float32{.4, 0, -.2}[c]
			if y > -.5 && y < -.36 {
				crop.Data[3*i+c] -= .5
			}
		}
	}
	for i := range size * size {
		y := (2*float32(i/size)+1)/float32(size) - 1
		f.Warp[2*i+1] = rise * part(y, -.3, -.5) * part(y, -1, -.6)
	}
	return crop, f
}

// lightest is the most that the field lightens in the middle.
func (f Field) lightest() (most [3]float32) {
	for y := float32(-1); y < 1; y += .01 {
		if s := f.shadeAt(y); s[1] > most[1] {
			most = s
		}
	}
	return most
}

// shadeAt is the field's shade in the middle of the height y.
func (f Field) shadeAt(y float32) [3]float32 {
	at := f.locate(0, y)
	return [3]float32{at.read(f.Shade, 3, 0), at.read(f.Shade, 3, 1), at.read(f.Shade, 3, 2)}
}

// TestWhatIsStretchedIsLighter draws a dark band out: it is lightened in the skin's
// colour, the more the further it is drawn, and on fields of any size alike; skin, what
// moves down, and what lies elsewhere are not.
func TestWhatIsStretchedIsLighter(t *testing.T) {
	var last float32
	for _, rise := range []float32{.02, .05, .08} {
		crop, f := socket(96, rise)
		f.thin(crop)
		s := f.lightest()
		if s[1] <= last || s[1] > thinned*.5 {
			t.Errorf("drawn up by %g the band is lightened by %g, want more than %g and less than %g of its darkness", rise, s[1], last, thinned)
		}
		if skin := float32(1.4); s[0]/s[1] < skin-.1 || s[0]/s[1] > skin+.1 { // red over green
			t.Errorf("the light is %v, want of the skin's colour", s)
		}
		last = s[1]
		for _, y := range []float32{-.9, -.2, 0, .5} {
			if s := f.shadeAt(y); s != [3]float32{} {
				t.Errorf("drawn up by %g the face at the height %g is lightened by %v", rise, y, s)
			}
		}
	}
	for _, size := range []int{48, 128} {
		crop, f := socket(size, .08)
		f.thin(crop)
		if s := f.lightest(); s[1] < .7*last || s[1] > 1.3*last {
			t.Errorf("a field of %d lightens by %g, one of 96 by %g", size, s[1], last)
		}
	}
	for name, change := range map[string]func(*tensor.Tensor, Field){
		"what moves down":    func(_ *tensor.Tensor, f Field) { negate(f.Warp) },
		"skin":               func(c *tensor.Tensor, _ Field) { fill(c.Data, .3) },
		"what is dark alike": func(c *tensor.Tensor, _ Field) { fill(c.Data, -1) },
		"what stays":         func(_ *tensor.Tensor, f Field) { fill(f.Warp, 0) },
		"what moves as one":  func(_ *tensor.Tensor, f Field) { fill(f.Warp, .1) },
	} {
		crop, f := socket(96, .1)
		change(crop, f)
		f.thin(crop)
		for i, v := range f.Shade {
			if v < -1e-6 || v > 1e-6 {
				t.Fatalf("%s is lightened by %g at %d", name, v, i/3)
			}
		}
	}
}

// TestLidsAreNotBrow closes lids under a brow, which the warp draws down with them: what it
// draws long is lightened where lids are, and neither below nor over the brow, nor where the
// lids stay.
func TestLidsAreNotBrow(t *testing.T) {
	lower := func(from, to float32) (*tensor.Tensor, Field) {
		crop, f := socket(96, 0)
		for i := range f.Mask {
			y := (2*float32(i/96)+1)/96 - 1
			f.Warp[2*i+1] = -.12 * part(y, from, to) * part(y, -.1, -.2)
		}
		return crop, f
	}
	crop, f := lower(-.5, -.3)
	f.thin(crop)
	if s := f.lightest(); s[1] < .05 {
		t.Errorf("a brow drawn over a lid is lightened by %g, want .05 at least of .25", s[1])
	}
	for _, y := range []float32{-.9, -.6, -.55, -.15, 0, .5} {
		if s := f.shadeAt(y); s != [3]float32{} {
			t.Errorf("lids that close lighten the face at the height %g by %v", y, s)
		}
	}
	crop, f = lower(-.9, -.6) // a brow that comes down, with all that is below
	f.thin(crop)
	if s := f.lightest(); s[1] > 1e-6 {
		t.Errorf("a brow that comes down is lightened by %v", s)
	}
}

// lip is skin with the shadow of a nose, or a dark moustache, wide to either side, and a
// field that draws down what lies over the lips by drop, the lips' edge furthest.
func lip(wide, drop float32) (*tensor.Tensor, Field) {
	const side, size = 128, 96
	crop, f := tensor.New(1, side, side, 3), NewField(size)
	for i := range side * side {
		x, y := (2*float32(i%side)+1)/side-1, (2*float32(i/side)+1)/side-1
		for c := range 3 {
			crop.Data[3*i+c] = [3]float32{.4, 0, -.2}[c]
			if y > .12 && y < .22 && max(x, -x) < wide {
				crop.Data[3*i+c] -= .5
			}
		}
	}
	for i := range size * size {
		y := (2*float32(i/size)+1)/size - 1
		f.Warp[2*i+1] = -drop * part(y, .1, .28) * part(y, .5, .3)
	}
	return crop, f
}

// TestNoseCastsNoLongShadow draws the shadow under a nose out: it is lightened, the more
// the further, and a moustache, what moves up and what lies elsewhere are not.
func TestNoseCastsNoLongShadow(t *testing.T) {
	var last float32
	for _, drop := range []float32{.02, .05, .08} {
		crop, f := lip(.09, drop)
		f.thin(crop)
		s := f.lightest()
		if s[1] <= last || s[1] > unshaded*.5 {
			t.Errorf("drawn down by %g the shadow is lightened by %g, want more than %g and less than %g of its darkness", drop, s[1], last, unshaded)
		}
		last = s[1]
		for _, y := range []float32{-.5, 0, .4, .8} {
			if s := f.shadeAt(y); s != [3]float32{} {
				t.Errorf("drawn down by %g the face at the height %g is lightened by %v", drop, y, s)
			}
		}
	}
	for name, alter := range map[string]func(Field){
		"what moves up": func(f Field) { negate(f.Warp) },
		"what stays":    func(f Field) { fill(f.Warp, 0) },
	} {
		crop, f := lip(.09, .08)
		alter(f)
		f.thin(crop)
		if s := f.lightest(); s[1] > 1e-6 {
			t.Errorf("%s is lightened by %v", name, s)
		}
	}
	crop, f := lip(.5, .08)
	f.thin(crop)
	if s := f.lightest(); s[1] > 1e-6 {
		t.Errorf("a moustache is lightened by %v", s)
	}
}

func negate(v []float32) {
	for i := range v {
		v[i] = -v[i]
	}
}

func fill(v []float32, x float32) {
	for i := range v {
		v[i] = x
	}
}
