package train

import (
	"context"
	"math"
	"testing"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/model"
)

// bright is a source whose faces are as bright as their first Action Unit is
// strong.
type bright struct{ size int }

func (s bright) Len() int  { return 6 }
func (s bright) Size() int { return s.size }

func (s bright) Labels(i int) (v au.Vector) {
	v[0], v[1] = float32(i), float32(i)
	return v
}

func (s bright) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	x := make([]uint8, s.size*s.size*3)
	for k := range x {
		x[k] = uint8(i * 51)
	}
	return x, s.Labels(i), nil, "", nil
}

// TestSlopes has a reader that sees .6 of the first Action Unit, hardly any of
// the second, and never more than noise of what does not vary.
func TestSlopes(t *testing.T) {
	const size = 8
	g := graph.New()
	photo := g.Input("photo", 1, size, size, 3)
	light := g.Affine(g.Reshape(g.SumTo(photo, 1, 1, 1, 1), 1, 1), 2.5/(size*size*3), 2.5) // 0 to 5
	sees := func(part float32) graph.Node { return g.Affine(light, float64(part), 0) }
	read := g.Concat(1, sees(.6), sees(.01), g.Const("rest", make([]float32, au.Count-2), 1, au.Count-2))
	p, err := g.Lower(map[string]graph.Node{"au": read, "landmarks": g.Const("points", make([]float32, 136), 1, 136), "eyes": g.Const("eyes", make([]float32, 4), 1, 4)})
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Pack(model.Info{Kind: model.KindReader, Size: size, Preset: "test"}, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for scale, want := range map[float32][3]float32{1: {.6, leastSlope, mostSlope}, 2: {.3, leastSlope, mostSlope}} {
		got, err := slopes(context.Background(), f, bright{size}, scale)
		if err != nil {
			t.Fatal(err)
		}
		for k, w := range want {
			if math.Abs(float64(got[k]-w)) > 1e-4 {
				t.Errorf("labels times %g: slope %d is %g, want %g", scale, k, got[k], w)
			}
		}
	}
}
