package net

import (
	"context"
	"math"
	"testing"

	"mien/native/internal/graph"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/face"
	"mien/shared/model"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// run lowers and runs a graph once on the cpu and returns the outputs.
func run(t *testing.T, g *graph.Graph, values map[string][]float32, outputs map[string]graph.Node) map[string][]float32 {
	t.Helper()
	p, err := g.Lower(outputs)
	if err != nil {
		t.Fatal(err)
	}
	program, err := cpu.New().Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, v := range p.Values {
		if v.Role == plan.Input || v.Role == plan.State {
			if err := program.Write(v.Name, values[v.Name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := map[string][]float32{}
	for name, n := range outputs {
		got[name] = make([]float32, graph.Shape(n).Numel())
		if err := program.Read(name, got[name]); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// uniform returns n numbers in -1 to 1.
func uniform(seed uint64, n int) []float32 {
	x, r := make([]float32, n), tensor.NewRand(seed, 1, 0, 0)
	for i := range x {
		x[i] = r.Range(-1, 1)
	}
	return x
}

// shaken returns a network's first values with every one moved, so that what
// starts at zero takes part.
func shaken(s *Scope) map[string][]float32 {
	values := s.Start(1)
	for _, p := range s.Params {
		if p.Trained {
			r := tensor.NewRand(7, 2, hash(p.Name), 0)
			for i := range values[p.Name] {
				values[p.Name][i] += r.Range(-.05, .05)
			}
		}
	}
	return values
}

// macs counts the multiply-adds of a plan's convolutions and products.
func macs(p *plan.Plan) float64 {
	n := 0.0
	for _, s := range p.Steps {
		switch s.Kind {
		case plan.Conv, plan.MatMul:
			w, out := p.Values[s.In[1]].Shape, p.Values[s.Out[0]].Shape
			n += float64(out.Numel()) * float64(w.Numel()) / float64(out[len(out)-1])
		}
	}
	return n
}

func TestGeneratorStandsStillWithoutChange(t *testing.T) {
	n := Generator{Size: 32, Width: 16, Blocks: 2}
	g := graph.New()
	s := NewScope(g, "gen")
	f := n.Apply(s, g.Input("photo", 2, 32, 32, 3), g.Input("change", 2, au.Count))
	values := shaken(s)
	values["photo"] = uniform(1, 2*32*32*3)
	values["change"] = make([]float32, 2*au.Count)
	values["change"][au.Count+8] = 3 // the second picture smiles
	got := run(t, g, values, map[string]graph.Node{"warp": f.Warp, "shade": f.Shade, "mask": f.Mask, "colour": f.Colour})
	for name, bound := range map[string]float32{"warp": maxWarp, "shade": maxShade, "mask": 1} {
		x := got[name]
		var most float32
		for i, v := range x {
			if i < len(x)/2 && v != 0 {
				t.Fatalf("%s of no change: value %d is %g, want 0", name, i, v)
			}
			most = max(most, v, -v)
		}
		if most == 0 || most > bound {
			t.Errorf("%s reaches %g, want more than 0 and at most %g", name, most, bound)
		}
	}
	for i, v := range got["colour"] {
		if !(v >= -1 && v <= 1) {
			t.Fatalf("colour %d is %g, want -1 to 1", i, v)
		}
	}
}

// TestExportedFilesSayTheSame loads what Export writes and compares it with the
// graph that training runs.
func TestExportedFilesSayTheSame(t *testing.T) {
	ctx := context.Background()
	photo := uniform(2, 32*32*3)
	change := au.Vector{8: 2, 14: -1}

	n := Generator{Size: 32, Width: 16, Blocks: 2}
	g := graph.New()
	s := NewScope(g, "gen")
	f := n.Apply(s, g.Input("photo", 1, 32, 32, 3), g.Input("change", 1, au.Count))
	values := shaken(s)
	file, err := n.Export(model.Info{Preset: "test"}, values)
	if err != nil {
		t.Fatal(err)
	}
	values["photo"], values["change"] = photo, change[:]
	want := run(t, g, values, map[string]graph.Node{"warp": f.Warp, "shade": f.Shade, "mask": f.Mask, "colour": f.Colour})
	loaded, err := model.LoadGenerator(file, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Field(ctx, tensor.Of(photo, 1, 32, 32, 3), au.Vector{}, change)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "warp", got.Warp, want["warp"])
	same(t, "shade", got.Shade, want["shade"])
	same(t, "mask", got.Mask, want["mask"])
	same(t, "colour", got.Colour, want["colour"])

	m := Reader{Size: 32, Width: 8, Hidden: 16}
	g = graph.New()
	s = NewScope(g, "reader")
	r := m.Apply(s, g.Input("photo", 1, 32, 32, 3), nil, false, nil)
	values = shaken(s)
	if file, err = m.Export(model.Info{Preset: "test"}, values); err != nil {
		t.Fatal(err)
	}
	values["photo"] = photo
	want = run(t, g, values, map[string]graph.Node{"landmarks": r.Landmarks, "eyes": r.Eyes})
	reader, err := model.LoadReader(file, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	seen, err := reader.Read(ctx, tensor.Of(photo, 1, 32, 32, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	var places, eyes []float32
	for _, p := range seen.Landmarks {
		places = append(places, p[:]...)
	}
	for _, p := range seen.Eyes {
		eyes = append(eyes, p[:]...)
	}
	same(t, "landmarks", places, want["landmarks"])
	same(t, "eyes", eyes, want["eyes"])
}

// TestReaderOfMeshes is the file of a reader that sees a window of the picture and the
// mesh: it reads what the graph does, with a mesh and without one.
func TestReaderOfMeshes(t *testing.T) {
	const size = 48
	n := Reader{Size: size, Window: 32, Width: 8, Hidden: 16, Form: 12}
	var mesh face.Mesh
	r := tensor.NewRand(4, 1, 0, 0)
	for i := range mesh {
		mesh[i] = [3]float32{r.Range(20, 100), r.Range(20, 100), r.Range(-20, 20)}
	}
	photo := make([]float32, size*size*3)
	for i := range photo {
		photo[i] = r.Range(-1, 1)
	}
	var shape [model.SeenShape]float32
	model.Shape(&shape, &mesh)
	if shape[face.ShapeNumbers] != 1 {
		t.Fatal("the mesh is not said to be known")
	}
	g := graph.New()
	s := NewScope(g, "reader")
	reading := n.Apply(s, g.Input("photo", 1, size, size, 3), g.Input("shape", 1, model.SeenShape), false, nil)
	if reading.Landmarks != nil || reading.Eyes != nil {
		t.Error("a reader that sees the mesh reads landmarks")
	}
	values := shaken(s)
	file, err := n.Export(model.Info{Preset: "test"}, values)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := model.LoadReader(file, cpu.New())
	if err != nil {
		t.Fatal(err)
	}
	if !reader.SeesMesh() || reader.HasLandmarks() {
		t.Errorf("sees the mesh: %v, has landmarks: %v", reader.SeesMesh(), reader.HasLandmarks())
	}
	read := func(photo []float32, mesh *face.Mesh) au.Vector {
		t.Helper()
		v, err := reader.Read(context.Background(), tensor.Of(photo, 1, size, size, 3), mesh)
		if err != nil {
			t.Fatal(err)
		}
		return v.AU
	}
	clamped := func(values []float32) []float32 { v := au.Vector(values).Clamp(0, au.Max); return v[:] }
	values["photo"], values["shape"] = photo, shape[:]
	with := read(photo, &mesh)
	same(t, "with a mesh", with[:], clamped(run(t, g, values, map[string]graph.Node{"au": reading.AU})["au"]))
	values["shape"] = make([]float32, model.SeenShape)
	without := read(photo, nil)
	same(t, "without", without[:], clamped(run(t, g, values, map[string]graph.Node{"au": reading.AU})["au"]))
	if with == without {
		t.Error("the mesh changes nothing")
	}
	flat := read(photo, &face.Mesh{})
	same(t, "with a mesh without extent", flat[:], without[:])
	// What is outside of the window is not seen.
	outside := append([]float32(nil), photo...)
	for y := range size {
		for x := range size {
			if x < 8 || x >= 40 || y < 12 || y >= 44 {
				outside[(y*size+x)*3] = 9
			}
		}
	}
	hidden := read(outside, nil)
	same(t, "outside of the window", hidden[:], without[:])
	outside[(12*size+8)*3] += .5 // its corner
	if inside := read(outside, nil); inside == without {
		t.Error("the window's corner is not seen")
	}
}

func same(t *testing.T, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1e-5 {
			t.Fatalf("%s: value %d is %g, the training graph says %g", name, i, got[i], want[i])
		}
	}
}

// TestSizes holds the networks to the cost that a page can bear.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		n    Generator
		giga float64
	}{
		{Generator{Size: 32, Width: 16, Blocks: 2}, .012},
		{Generator{Size: 64, Width: 32, Blocks: 4}, .216},
	} {
		g := graph.New()
		f := c.n.Apply(NewScope(g, "gen"), g.Input("photo", 1, c.n.Size, c.n.Size, 3), g.Input("change", 1, au.Count))
		p, err := g.Lower(map[string]graph.Node{"warp": f.Warp, "mask": f.Mask, "colour": f.Colour})
		if err != nil {
			t.Fatal(err)
		}
		if got := macs(p) / 1e9; math.Abs(got-c.giga) > c.giga/10 {
			t.Errorf("%+v: %.4f GMAC a picture, want %g", c.n, got, c.giga)
		}
	}
}

// TestSpectralNorm iterates the power method as training does and wants the
// weights divided by their largest singular value: no unit vector may grow.
func TestSpectralNorm(t *testing.T) {
	g := graph.New()
	s := NewScope(g, "critic")
	const rows, out = 2 * 2 * 3, 5
	w := s.state("conv.w", true, he(rows), 2, 2, 3, out)
	n := s.spectral(w, "conv", rows, out)
	values := s.Start(3)
	outputs := map[string]graph.Node{"w": n, "u": s.Updates[0].Value}
	var got map[string][]float32
	for range 60 {
		got = run(t, g, values, outputs)
		values["critic.conv.u"] = got["u"]
	}
	// The largest singular value by itself, in float64.
	v := make([]float64, out)
	v[0] = 1
	sigma := 0.0
	for range 500 {
		y := make([]float64, rows)
		for i := range rows {
			for j := range out {
				y[i] += float64(got["w"][i*out+j]) * v[j]
			}
		}
		next := make([]float64, out)
		for i := range rows {
			for j := range out {
				next[j] += float64(got["w"][i*out+j]) * y[i]
			}
		}
		length := 0.0
		for _, x := range next {
			length += x * x
		}
		length = math.Sqrt(length)
		for j := range next {
			v[j] = next[j] / length
		}
		sigma = math.Sqrt(length)
	}
	if math.Abs(sigma-1) > 1e-3 {
		t.Errorf("the largest singular value is %g, want 1", sigma)
	}
}

// TestCriticSeesCollapse wants a batch of one picture eight times to be told
// from eight different ones by the deviation channel.
func TestCriticSeesCollapse(t *testing.T) {
	n := Critic{Size: 16, Width: 4, Levels: 2}
	g := graph.New()
	s := NewScope(g, "critic")
	v := n.Apply(s, g.Input("photo", 8, 16, 16, 3), g.Input("own", 8, au.Count))
	values := s.Start(1)
	values["own"] = make([]float32, 8*au.Count)
	one := uniform(4, 16*16*3)
	score := func(photos []float32) float32 {
		values["photo"] = photos
		return run(t, g, values, map[string]graph.Node{"score": v.Score, "au": v.AU})["score"][0]
	}
	var copies, different []float32
	for i := range 8 {
		copies = append(copies, one...)
		if i == 0 {
			different = append(different, one...)
		} else {
			different = append(different, uniform(uint64(10+i), 16*16*3)...)
		}
	}
	if a, b := score(copies), score(different); a == b {
		t.Errorf("the same picture scores %g among copies and among others", a)
	}
}

// TestBatchNorm compares training statistics with their definition.
func TestBatchNorm(t *testing.T) {
	g := graph.New()
	s := NewScope(g, "r")
	x := g.Input("x", 4, 2, 2, 3)
	y := s.BatchNorm(x, "n", true)
	values := s.Start(1)
	values["x"] = uniform(5, 4*2*2*3)
	outputs := map[string]graph.Node{"y": y, "mean": s.Updates[0].Value, "var": s.Updates[1].Value}
	got := run(t, g, values, outputs)
	for c := range 3 {
		var mean, square float64
		for i := c; i < 48; i += 3 {
			mean += float64(values["x"][i]) / 16
		}
		for i := c; i < 48; i += 3 {
			d := float64(values["x"][i]) - mean
			square += d * d / 16
		}
		if math.Abs(float64(got["mean"][c])-mean) > 1e-6 || math.Abs(float64(got["var"][c])-square*16/15) > 1e-6 {
			t.Errorf("channel %d: mean %g, variance %g, want %g, %g", c, got["mean"][c], got["var"][c], mean, square*16/15)
		}
		want := (float64(values["x"][c]) - mean) / math.Sqrt(square+normEpsilon)
		if math.Abs(float64(got["y"][c])-want) > 1e-5 {
			t.Errorf("channel %d: %g, want %g", c, got["y"][c], want)
		}
	}
}

func TestNamesShareWeights(t *testing.T) {
	g := graph.New()
	s := NewScope(g, "a")
	x := g.Input("x", 1, 4)
	s.Dense(x, "d", 3, Init{})
	count := s.Count()
	s.Dense(x, "d", 3, Init{})
	if count != 4*3+3 || s.Count() != count {
		t.Errorf("%d values, then %d; want 15 both times", count, s.Count())
	}
	defer func() {
		if recover() == nil {
			t.Error("a name with another shape is taken")
		}
	}()
	s.Dense(x, "d", 2, Init{})
}
