package train

import (
	"context"
	"math"
	"testing"

	"mien/native/internal/graph"
	"mien/native/internal/net"
	"mien/shared/au"
	"mien/shared/device/ref"
	"mien/shared/tensor"
)

// TestAttacked moves pictures by just the push, to where the reader errs more.
func TestAttacked(t *testing.T) {
	p, err := Find("guide")
	if err != nil {
		t.Fatal(err)
	}
	p.Batch, p.Reader = 2, net.Reader{Size: 16, Width: 4, Hidden: 8, Residual: true}
	s := newStep()
	photo, own := s.input("photo", 2, 16, 16, 3), s.input("own", 2, au.Count)
	scope := net.NewScope(s.g, "reader")
	pushed, err := s.attacked(p, scope, photo, nil, own)
	if err != nil {
		t.Fatal(err)
	}
	errs := func(x graph.Node) graph.Node {
		return s.g.SumTo(s.g.Square(s.g.Sub(p.Reader.Apply(scope, x, nil, false, nil).AU, own)), 2, 1)
	}
	s.outputs["before"], s.outputs["after"] = errs(photo), errs(pushed)
	s.outputs["moved"] = s.g.Reshape(lengths(s.g, s.g.Sub(pushed, photo)), 2, 1)
	compiled, err := s.finish()
	if err != nil {
		t.Fatal(err)
	}
	program, err := ref.New().Compile(compiled)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	r := tensor.NewRand(1, streamPick, 0, 0)
	inputs := scope.Start(3)
	inputs["photo"], inputs["own"] = make([]float32, 2*16*16*3), make([]float32, 2*au.Count)
	for _, in := range [][]float32{inputs["photo"], inputs["own"]} {
		for i := range in {
			in[i] = r.Range(-1, 1)
		}
	}
	push := []float32{.05, 0}
	inputs["push"] = push
	for name, data := range inputs {
		if compiled.Find(name) < 0 {
			continue // a head that is not read
		}
		if err := program.Write(name, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var before, after, moved [2]float32
	for name, to := range map[string][]float32{"before": before[:], "after": after[:], "moved": moved[:]} {
		if err := program.Read(name, to); err != nil {
			t.Fatal(err)
		}
	}
	if !(after[0] > before[0]) || after[1] != before[1] {
		t.Errorf("errors went from %v to %v, want the first larger and the second, which is not pushed, the same", before, after)
	}
	for i, m := range moved {
		if math.Abs(math.Sqrt(float64(m))-float64(push[i])) > 1e-5 {
			t.Errorf("picture %d moved by %g, want %g", i, math.Sqrt(float64(m)), push[i])
		}
	}
}
