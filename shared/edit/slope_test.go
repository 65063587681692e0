package edit

import (
	"context"
	"slices"
	"testing"

	"mien/shared/au"
	"mien/shared/device/ref"
	"mien/shared/model"
	"mien/shared/tensor"
)

// brows is a field of size that lifts by rise what lies above the eyes between the inner
// ends of the brows, and nothing from out of these on: the way between is out long.
func brows(size int, rise, out float32) Field {
	f := NewField(size)
	for i := range size * size {
		x, y := (2*float32(i%size)+1)/float32(size)-1, (2*float32(i/size)+1)/float32(size)-1
		f.Warp[2*i] = .01 * x
		f.Warp[2*i+1] = rise * part(max(x, -x), .12+out, .12) * part(y, -.2, -.5)
	}
	return f
}

// TestBrowsSlant has the inner ends of brows lifted at a step: on fields of any size they
// come to slant by no more than brows do, the same on both sides, and still rise.
func TestBrowsSlant(t *testing.T) {
	for _, size := range []int{32, 33, 96, 128} {
		f := brows(size, .2, .05)
		was := slices.Clone(f.Warp)
		f.slant()
		pixel := 2 / float32(size)
		for j := range size {
			y := (2*float32(j)+1)/float32(size) - 1
			for i := range size {
				at := 2 * (j*size + i)
				if f.Warp[at] != was[at] {
					t.Fatalf("size %d: (%d, %d) moves aside by %g, want %g as before", size, i, j, f.Warp[at], was[at])
				}
				if f.Warp[at+1] > was[at+1] || y > lidsFrom && f.Warp[at+1] != was[at+1] {
					t.Fatalf("size %d: (%d, %d) is lifted by %g, by %g before", size, i, j, f.Warp[at+1], was[at+1])
				}
				if other := f.Warp[2*(j*size+size-1-i)+1]; f.Warp[at+1]-other > 1e-6 {
					t.Fatalf("size %d: (%d, %d) is lifted by %g, its mirror by %g", size, i, j, f.Warp[at+1], other)
				}
				if y > lidsTo || i == 0 || i >= size/2 {
					continue
				}
				if step := f.Warp[at+1] - f.Warp[at-1]; step > steepest*pixel*1.001 {
					t.Fatalf("size %d: row %d rises by %g from column %d to %d, want %g at most", size, j, step, i-1, i, steepest*pixel)
				}
			}
		}
		at := f.locate(-.12, -.5)
		if lift := at.read(f.Warp, 2, 1); lift < .01 || lift > .06 {
			t.Errorf("size %d: a brow's inner end is lifted by %g, want .01 to .06 of .2", size, lift)
		}
	}
}

// TestWhatSlantsIsLeft wants fields untouched that lift gently towards the middle, or
// outwards, or press down.
func TestWhatSlantsIsLeft(t *testing.T) {
	outer := brows(96, .2, .05)
	for i := range outer.Mask {
		outer.Warp[2*i+1] = .2 - outer.Warp[2*i+1]
	}
	for name, f := range map[string]Field{
		"gentle": brows(96, .1, .27), "outwards": outer, "nothing": NewField(96),
	} {
		was := slices.Clone(f.Warp)
		f.slant()
		if !slices.Equal(f.Warp, was) {
			t.Errorf("%s: the field is another one", name)
		}
	}
}

// drawn is a Drawer that draws the same field for every face.
type drawn struct{ what Field }

func (d drawn) Info() model.Info { return model.Info{} }
func (d drawn) Size() int        { return d.what.Size }
func (d drawn) Close() error     { return nil }
func (d drawn) Field(context.Context, *tensor.Tensor, au.Vector, au.Vector) (model.Output, error) {
	return model.Output(d.what), nil
}

// TestWhatIsDrawnSlants wants the limit on what any generator draws.
func TestWhatIsDrawnSlants(t *testing.T) {
	f := brows(64, .2, .05)
	at := f.locate(-.12, -.5)
	before := at.read(f.Warp, 2, 1)
	s := NewSwap(ref.New())
	if _, err := s.Use(context.Background(), drawn{f}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Field(context.Background(), func(size int) *tensor.Tensor { return tensor.New(1, size, size, 3) }, au.Vector{}, au.Vector{1})
	if err != nil {
		t.Fatal(err)
	}
	if after := at.read(got.Warp, 2, 1); after > before/2 {
		t.Errorf("a brow's inner end is lifted by %g of %g, want less than half", after, before)
	}
}
