package train

import (
	"fmt"
	"testing"

	"mien/native/internal/dataset"
	"mien/native/internal/net"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/tensor"
)

// group is a source of people of different colours, person k there k%5 times.
type group struct{ who []int }

func newGroup(people int) group {
	var g group
	for k := range people {
		for range k % 5 {
			g.who = append(g.who, k)
		}
	}
	return g
}

func (g group) Len() int             { return len(g.who) }
func (g group) Size() int            { return 32 }
func (g group) Labels(int) au.Vector { return au.Vector{} }
func (g group) Sample(i int) ([]uint8, au.Vector, *[68][2]float32, string, error) {
	r := tensor.NewRand(3, 1, 0, uint64(g.who[i]))
	tint := [3]float32{r.Range(40, 210), r.Range(40, 210), r.Range(40, 210)}
	n := tensor.NewRand(4, 1, 0, uint64(i))
	img := make([]uint8, 32*32*3)
	for k := range img {
		img[k] = uint8(tint[k%3] + n.Range(-30, 30))
	}
	return img, au.Vector{}, nil, fmt.Sprint(g.who[i]), nil
}

func TestCrowdIsWhoeverIsThereOften(t *testing.T) {
	c, err := newCrowd(newGroup(20)) // 4 people 3 times and 4 people 4 times
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 28 || c.person[0] != 0 || c.person[27] != 7 {
		t.Errorf("%d faces, persons %v", c.Len(), c.person)
	}
	var _ dataset.Source = c
	if _, err := newCrowd(newGroup(3)); err == nil {
		t.Error("nobody is a crowd")
	}
}

// TestEmbedderLearnsPeople: a few steps lower the loss of telling people apart.
func TestEmbedderLearnsPeople(t *testing.T) {
	p := Preset{Name: "test", Embedder: net.Embedder{Trunk: net.Reader{Size: 32, Width: 4}, Dim: 8},
		Phases: []Phase{{Name: "embed", Share: 1}}, Batch: 16, Rate: 3e-3, Beta1: .9, Beta2: .999}
	c, err := newCrowd(newGroup(40))
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEngine(cpu.New(), p, p.Phases[0], nil, 1, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	f := &feed{preset: p, picker: newPicker(c, 1, p), augment: true, wants: e.full.wants()}
	var first, last float64
	for step := range 60 {
		in, err := f.inputs(step)
		if err != nil {
			t.Fatal(err)
		}
		losses, err := e.run(t.Context(), step, p.Rate, in)
		if err != nil {
			t.Fatal(err)
		}
		if last = losses["identity"]; step == 0 {
			first = last
			people := map[int]bool{}
			for i, v := range in["person"] {
				if v == 1 {
					people[i%crowdSize] = true
				}
			}
			if len(people) < 3 {
				t.Errorf("a batch of %d people, want more", len(people))
			}
		}
	}
	if !(last < .6*first) {
		t.Errorf("loss %.3f after 60 steps, %.3f at first", last, first)
	}
	states := map[string][]float32{}
	if err := e.states(states); err != nil {
		t.Fatal(err)
	}
	file, err := Export(p, 60, "test", states)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := file.Info(); err != nil || info.Kind != "embedder" {
		t.Errorf("exported %+v, %v", info, err)
	}
}
