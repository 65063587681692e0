package edit

import (
	"testing"

	"mien/shared/au"
	"mien/shared/tensor"
)

// little is a shade that no bound changes.
const little = .001

// TestShadeIsBounded: a little shade is as it was asked for, more of it always more, none
// of it more than MostShade, lighter or darker.
func TestShadeIsBounded(t *testing.T) {
	last := float32(-1)
	for _, by := range []float32{-.7, -.2, -.1, -little, 0, little, .1, .2, .7} {
		shade := [3]float32{by, by, by}
		Light(&shade, [3]float32{0, 0, 0}, .5, MostShade)
		got := shade[0]
		size, want := max(got, -got), min(max(by, -by), MostShade)
		if got < last || size > want+1e-6 || size < .7*want {
			t.Errorf("shaded by %g: %g after %g, want more, within %g and not less than .7 of it", by, got, last, want)
		}
		last = got
	}
}

// deep lets all zones be shaded by MostShade.
func deep() (d Depth) {
	fill(d[:], MostShade)
	return d
}

// TestSeveralShadeLess: one Action Unit may shade by MostShade where it shades, however
// much it is asked for; four alike by half, and none that is not asked for counts.
func TestSeveralShadeLess(t *testing.T) {
	of := func(codes string) au.Vector {
		v, err := au.Parse(codes)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		change                    string
		brows, eyes, cheeks, chin float32
	}{
		{"05=.01", 1, 1, 1, 1}, {"05=5", 1, 1, 1, 1}, {"05=-5", 1, 1, 1, 1}, {"26=3", 0, 0, .5, 1},
		{"04=2,09=-2", .707, .707, .707, .25}, {"10=2,12=2,14=-2,20=2", .25, 0, .5, .5}, {"12=3,10=4", 4. / 7, 0, 5. / 7, 5. / 7},
		{"06=3", 1, 1, Folds, Folds}, {"06=-1", 1, 1, Folds, Folds}, {"06=2,12=2", .5, .5, .522, .522}, {"15=3", 0, 0, 1, 1},
	} {
		d := Deepest(of(c.change))
		for _, at := range []struct {
			place string
			x, y  float32
			of    float32
		}{
			{"forehead", 0, -.9, c.brows}, {"brow", .3, -.5, c.brows}, {"eye", -.3, -.3, c.eyes}, {"between eyes and cheek", .3, -.15, (c.eyes + c.cheeks) / 2},
			{"cheek", -.4, .02, c.cheeks}, {"lips", 0, .35, c.chin}, {"chin", .1, .9, c.chin},
		} {
			if got := d.At(at.x, at.y) / MostShade; got < at.of-.01 || got > at.of+.01 {
				t.Errorf("%s: %g of MostShade at the %s, want %g", c.change, got, at.place, at.of)
			}
		}
	}
	if got := Deepest(au.Vector{}).At(0, 0); got != got || got > MostShade {
		t.Errorf("no change may shade by %g", got)
	}
}

// TestDarkStaysDark lightens and darkens a face with a black brow, which the field
// moves up by its height: skin changes as asked, the brow where it now lies hardly
// when it is lightened, and by about half when a shadow falls on it.
func TestDarkStaysDark(t *testing.T) {
	const size, skin, brow = 32, .2, -.9
	crop := tensor.New(1, size, size, 3)
	for i := range crop.Data {
		crop.Data[i] = skin
		if row := i / 3 / size; row >= 4 && row < 8 {
			crop.Data[i] = brow
		}
	}
	for _, by := range []float32{little, -little} {
		f := NewField(size)
		for i := range size * size {
			f.Warp[2*i+1] = 4 * 2. / size
			for c := range 3 {
				f.Shade[3*i+c] = by
			}
		}
		f.light(crop, deep())
		for row, dark := range map[int]bool{20: false, 1: true, 2: true, 5: false} {
			low, high := float32(.99), float32(1.01)
			switch part := float32(1+brow) / (1 + skin); {
			case dark && by > 0:
				low, high = 0, 1.3*part
			case dark:
				low, high = Steady, Steady+part
			}
			if part := f.Shade[3*(row*size+size/2)] / by; !(part > low && part < high) {
				t.Errorf("shaded by %g, row %d is by %g of it, want %g to %g", by, row, part, low, high)
			}
		}
	}
}

// TestLightTakesColour lightens and darkens warm skin by grey: most of it turns out
// warm, and as much as was asked for.
func TestLightTakesColour(t *testing.T) {
	const size = 8
	skin := [3]float32{.6, .2, -.2}
	for _, by := range []float32{little, -little} {
		crop := tensor.New(1, size, size, 3)
		f := NewField(size)
		for i := range crop.Data {
			crop.Data[i], f.Shade[i] = skin[i%3], by
		}
		f.light(crop, deep())
		sum := float32(0)
		for c, v := range skin {
			want := by * (1 - OwnColour + OwnColour*(v+1)/1.2)
			if got := f.Shade[c]; got < want-1e-6 || got > want+1e-6 {
				t.Errorf("shaded by %g, channel %d is by %g, want %g", by, c, got, want)
			}
			sum += f.Shade[c]
		}
		if sum < 3*by-1e-6 || sum > 3*by+1e-6 {
			t.Errorf("shaded by %g in all, want %g", sum, 3*by)
		}
	}
}

// TestLidsAreSkin paints grey on a face in red light: above its middle most of it turns
// as red as the skin and no lighter, below it stays grey.
func TestLidsAreSkin(t *testing.T) {
	const size, grey = 32, .1
	crop := tensor.New(1, size, size, 3)
	for i := range crop.Data {
		crop.Data[i] = [3]float32{.4, -.2, -.5}[i%3]
	}
	f := NewField(size)
	for i := range f.Colour {
		f.Colour[i] = grey
	}
	f.light(crop, deep())
	lid, mouth := [3]float32(f.Colour[3*(8*size+8):]), [3]float32(f.Colour[3*(24*size+16):])
	if mouth != [3]float32{grey, grey, grey} {
		t.Errorf("a mouth painted %g is %v", grey, mouth)
	}
	if sum := lid[0] + lid[1] + lid[2]; sum < 3*grey-1e-5 || sum > 3*grey+1e-5 {
		t.Errorf("a lid painted %g in each channel is %v, want as much in all", grey, lid)
	}
	skin := float32(1.4 / .5) // red over blue
	if got := (lid[0] + 1) / (lid[2] + 1); got < 1+OwnColour/2*(skin-1) || got > skin {
		t.Errorf("a lid's red is %g of its blue, want nearly the skin's %g", got, skin)
	}
}

// TestLightOfAnySize: a field may be finer or coarser than the crop, and a black
// picture divides nothing by zero.
func TestLightOfAnySize(t *testing.T) {
	for _, size := range []int{8, 24, 64} {
		for _, light := range []float32{-1, 0, 1} {
			crop := tensor.New(1, 24, 24, 3)
			for i := range crop.Data {
				crop.Data[i] = light
			}
			f := randomField(size, 1)
			f.light(crop, deep())
			if err := f.Check(); err != nil {
				t.Errorf("size %d, light %g: %v", size, light, err)
			}
		}
	}
}

// TestWhiteHasNothingLeft: what is nearly white is lightened by a part of what was
// asked, white not at all, and both are darkened like skin.
func TestWhiteHasNothingLeft(t *testing.T) {
	const skin = .6
	for _, c := range []struct{ light, by, want float32 }{
		{.6, little, 1}, {.8, little, 1}, {.9, little, .5}, {1, little, 0}, {.9, -little, 1}, {1, -little, 1},
	} {
		v := 2*c.light - 1
		shade := [3]float32{c.by, c.by, c.by}
		Light(&shade, [3]float32{v, v, v}, skin, MostShade)
		if got := shade[0] / c.by; got < c.want-1e-4 || got > c.want+1e-4 {
			t.Errorf("light %g on skin of %g, shaded by %g: %g of it, want %g", c.light, skin, c.by, got, c.want)
		}
	}
}

// TestFoldsStayFaint shades all of a face as deep as it goes for raised cheeks alone: the
// editor shows all of it around the eyes, and under them a part.
func TestFoldsStayFaint(t *testing.T) {
	const size = 32
	crop, f := tensor.New(1, size, size, 3), NewField(size)
	fill(f.Shade, -1)
	f.light(crop, Deepest(au.Vector{4: 3}))
	eye, chin := f.Shade[3*(11*size+10)], f.Shade[3*(28*size+size/2)]
	if part := chin / eye; part < Folds-.02 || part > Folds+.02 || eye > -.1 {
		t.Errorf("an eye is shaded by %g, the chin by %g, want %g of that", eye, chin, Folds)
	}
}
