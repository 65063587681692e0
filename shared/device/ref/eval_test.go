package ref

import (
	"math"
	"testing"

	"mien/shared/plan"
	"mien/shared/tensor"
)

func array(data []float64, shape ...int) Array { return Array{shape, data} }

func eval(t *testing.T, k plan.Kind, ints []int, floats []float64, in ...Array) []Array {
	t.Helper()
	out, err := Eval(k, ints, floats, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

// TestByHand compares with results worked out on paper.
func TestByHand(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		kind   plan.Kind
		ints   []int
		floats []float64
		in     []Array
		want   []float64
	}{
		{plan.Conv, []int{1, 0}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 3, 3, 1), array([]float64{1, 0, 0, -1}, 2, 2, 1, 1)}, []float64{-4, -4, -4, -4}},
		{plan.Conv, []int{2, 1}, nil, []Array{array([]float64{1, 2, 3, 4}, 1, 2, 2, 1), array([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, 3, 1, 1)}, []float64{77}},
		{plan.Conv, []int{1, 0}, nil, []Array{array([]float64{1, 2}, 1, 1, 1, 2), array([]float64{1, 2, 3, 4, 5, 6}, 1, 1, 2, 3)}, []float64{9, 12, 15}},
		{plan.MatMul, []int{0, 0}, nil, []Array{array([]float64{1, 2, 3, 4}, 2, 2), array([]float64{5, 6, 7, 8}, 2, 2)}, []float64{19, 22, 43, 50}},
		{plan.MatMul, []int{1, 0}, nil, []Array{array([]float64{1, 2, 3, 4}, 2, 2), array([]float64{5, 6, 7, 8}, 2, 2)}, []float64{26, 30, 38, 44}},
		{plan.MatMul, []int{0, 1}, nil, []Array{array([]float64{1, 2, 3, 4}, 2, 2), array([]float64{5, 6, 7, 8}, 2, 2)}, []float64{17, 23, 39, 53}},
		{plan.Depthwise, []int{1, 1}, nil, []Array{array([]float64{1, 10, 2, 20}, 1, 1, 2, 2), array([]float64{0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0}, 3, 3, 2, 1)}, []float64{13, 160, 7, 100}},
		{plan.Depthwise, []int{2, 0}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 4, 1), array([]float64{1, 2, 3, 4}, 2, 2, 1, 1)}, []float64{44, 64}},
		{plan.MaxPool, []int{2, 2}, nil, []Array{array([]float64{-1, 5, -2, 6, -3, 4, -4, 7}, 1, 2, 2, 2)}, []float64{-1, 7}},
		{plan.MaxPool, []int{2, 1}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 0, 0, 0, 9}, 1, 3, 3, 1)}, []float64{5, 5, 5, 9}},
		{plan.PRelu, nil, nil, []Array{array([]float64{-2, 0, 3, -4}, 1, 1, 2, 2), array([]float64{.5, .25}, 1, 1, 1, 2)}, []float64{-1, 0, 3, -1}},
		{plan.Sub, nil, nil, []Array{array([]float64{1, 2}, 2, 1), array([]float64{10, 20}, 1, 2)}, []float64{-9, -19, -8, -18}},
		{plan.Div, nil, nil, []Array{array([]float64{1}, 1), array([]float64{4, 0}, 2)}, []float64{.25, inf}},
		{plan.LeakyRelu, nil, []float64{.5}, []Array{array([]float64{-2, 0, 3}, 3)}, []float64{-1, 0, 3}},
		{plan.Gate, nil, []float64{.5}, []Array{array([]float64{-2, 0, 3}, 3), array([]float64{8, 8, 8}, 3)}, []float64{4, 4, 8}},
		{plan.Softplus, nil, nil, []Array{array([]float64{0, 800, -800}, 3)}, []float64{math.Ln2, 800, 0}},
		{plan.Sigmoid, nil, nil, []Array{array([]float64{0, 800, -800}, 3)}, []float64{.5, 1, 0}},
		{plan.Clamp, nil, []float64{-1, 2}, []Array{array([]float64{-3, 0, 3}, 3)}, []float64{-1, 0, 2}},
		{plan.Inside, nil, []float64{-1, 2}, []Array{array([]float64{-3, -1, 2, 3}, 4)}, []float64{0, 1, 1, 0}},
		{plan.SumTo, []int{2, 1}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 6}, 2, 3)}, []float64{6, 15}},
		{plan.SumTo, []int{1, 3}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 6}, 2, 3)}, []float64{5, 7, 9}},
		{plan.Concat, []int{1}, nil, []Array{array([]float64{1, 2, 3, 4}, 2, 2), array([]float64{9, 8}, 2, 1)}, []float64{1, 2, 9, 3, 4, 8}},
		{plan.Slice, []int{1, 1, 3}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 6}, 2, 3)}, []float64{2, 3, 5, 6}},
		{plan.Pad, []int{1, 1, 0}, nil, []Array{array([]float64{1, 2}, 2, 1)}, []float64{0, 1, 0, 2}},
		{plan.Unshuffle, []int{2}, nil, []Array{array([]float64{1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 4, 1)}, []float64{1, 2, 5, 6, 3, 4, 7, 8}},
		{plan.Nearest, []int{2}, nil, []Array{array([]float64{1, 2}, 1, 1, 2, 1)}, []float64{1, 1, 2, 2, 1, 1, 2, 2}},
		{plan.Resize, []int{1, 4}, nil, []Array{array([]float64{0, 4}, 1, 1, 2, 1)}, []float64{0, 1, 3, 4}},
		{plan.Resize, []int{1, 2}, nil, []Array{array([]float64{1, 3, 5, 9}, 1, 1, 4, 1)}, []float64{2, 7}},
		// A flow of 1 moves by half the image: two samples of four; the last
		// is repeated.
		{plan.Warp, nil, nil, []Array{array([]float64{1, 3, 5, 9}, 1, 1, 4, 1), array([]float64{1, 0, 1, 0, 1, 0, .25, 0}, 1, 1, 4, 2)}, []float64{5, 9, 9, 9}},
		{plan.Warp, nil, nil, []Array{array([]float64{1, 3, 5, 9}, 1, 1, 4, 1), array([]float64{.25, 5, 0, 5, .25, 5, -9, 5}, 1, 1, 4, 2)}, []float64{2, 3, 7, 1}},
		{plan.Finite, nil, nil, []Array{array([]float64{1}, 1), array([]float64{1, inf}, 2)}, []float64{0}},
		{plan.Blend, nil, nil, []Array{array([]float64{1}, 1), array([]float64{3}, 1), array([]float64{.75}, 1), array([]float64{1}, 1)}, []float64{1.5}},
		{plan.Blend, nil, nil, []Array{array([]float64{1}, 1), array([]float64{3}, 1), array([]float64{.75}, 1), array([]float64{0}, 1)}, []float64{1}},
		// The first step of Adam moves by its rate against the gradient's sign.
		{plan.Adam, nil, []float64{.9, .999, 0}, []Array{
			array([]float64{4, -.5}, 2), array([]float64{.01, .1, .001, 0}, 4), array([]float64{1}, 1),
			array([]float64{1, 1}, 2), array([]float64{0, 0}, 2), array([]float64{0, 0}, 2),
		}, []float64{.99, 1.01}},
	} {
		got := eval(t, c.kind, c.ints, c.floats, c.in...)[0].Data
		if len(got) != len(c.want) {
			t.Errorf("%s gives %v, want %v", c.kind, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] && !near(got[i], c.want[i], 1e-12) {
				t.Errorf("%s gives %v, want %v", c.kind, got, c.want)
				break
			}
		}
	}
}

func random(r *tensor.Rand, shape ...int) Array {
	a := zeros(shape)
	for i := range a.Data {
		a.Data[i] = float64(r.Range(-1, 1))
	}
	return a
}

func dot(a, b Array) float64 {
	var s float64
	for i := range a.Data {
		s += a.Data[i] * b.Data[i]
	}
	return s
}

// TestAdjoints holds <f(x), y> = <x, f'(y)> for every pair of the table.
func TestAdjoints(t *testing.T) {
	r := tensor.NewRand(1, 1, 0, 0)
	w, f := random(r, 3, 2, 3, 5), random(r, 2, 5, 4, 2)
	x := random(r, 2, 6, 8, 3)
	for _, c := range []struct {
		kind, adjoint      plan.Kind
		ints, adjointInts  []int
		second, adjointArg *Array
	}{
		{plan.Conv, plan.ConvInput, []int{2, 1}, []int{2, 1, 6, 8}, &w, &w},
		{plan.Conv, plan.ConvInput, []int{1, 0}, []int{1, 0, 6, 8}, &w, &w},
		{plan.SumTo, plan.Spread, []int{2, 1, 8, 1}, []int{2, 6, 8, 3}, nil, nil},
		{plan.Unshuffle, plan.Shuffle, []int{2}, []int{2}, nil, nil},
		{plan.Nearest, plan.SumPool, []int{3}, []int{3}, nil, nil},
		{plan.Resize, plan.ResizeInput, []int{7, 3}, []int{6, 8}, nil, nil},
		{plan.Resize, plan.ResizeInput, []int{12, 16}, []int{6, 8}, nil, nil},
		{plan.Warp, plan.WarpInput, nil, []int{6, 8}, &f, &f},
		{plan.Pad, plan.Slice, []int{2, 3, 1}, []int{2, 3, 11}, nil, nil},
	} {
		operands := func(a Array, b *Array) []Array {
			if b == nil {
				return []Array{a}
			}
			return []Array{a, *b}
		}
		fx := eval(t, c.kind, c.ints, nil, operands(x, c.second)...)[0]
		y := random(r, fx.Shape...)
		back := eval(t, c.adjoint, c.adjointInts, nil, operands(y, c.adjointArg)...)[0]
		if !back.Shape.Equal(x.Shape) {
			t.Errorf("%s of %s: shape %v, want %v", c.adjoint, c.kind, back.Shape, x.Shape)
		} else if a, b := dot(fx, y), dot(x, back); !near(a, b, 1e-12) {
			t.Errorf("<%s(x), y> = %g, <x, %s(y)> = %g", c.kind, a, c.adjoint, b)
		}
	}
	y := eval(t, plan.Conv, []int{2, 1}, nil, x, w)[0]
	dy := random(r, y.Shape...)
	dw := eval(t, plan.ConvWeight, []int{2, 1, 3, 2}, nil, x, dy)[0]
	if a, b := dot(y, dy), dot(w, dw); !near(a, b, 1e-12) {
		t.Errorf("<conv(w), dy> = %g, <w, convweight(dy)> = %g", a, b)
	}
}

// TestWarpFlow compares with finite differences; the flow keeps away from
// where the derivative jumps by being random.
func TestWarpFlow(t *testing.T) {
	r := tensor.NewRand(2, 1, 0, 0)
	x, f, g := random(r, 2, 6, 8, 3), random(r, 2, 5, 4, 2), random(r, 2, 5, 4, 3)
	got := eval(t, plan.WarpFlow, nil, nil, x, f, g)[0]
	const h = 1e-6
	at := func(i int, d float64) float64 {
		moved := array(append([]float64(nil), f.Data...), f.Shape...)
		moved.Data[i] += d
		return dot(g, eval(t, plan.Warp, nil, nil, x, moved)[0])
	}
	var moving int
	for i := range f.Data {
		want := (at(i, h) - at(i, -h)) / (2 * h)
		if want != 0 {
			moving++
		}
		if !near(got.Data[i], want, 1e-7) {
			t.Errorf("derivative by flow %d is %g, want %g", i, got.Data[i], want)
		}
	}
	if moving < len(f.Data)/2 {
		t.Errorf("only %d of %d flows fall inside", moving, len(f.Data))
	}
}

func TestEvalRefuses(t *testing.T) {
	if _, err := Eval(plan.Tanh, nil, nil, []Array{array([]float64{1, 2}, 3)}); err == nil {
		t.Error("two elements were taken for shape [3]")
	}
	if _, err := Eval("other", nil, nil, []Array{array([]float64{1}, 1)}); err == nil {
		t.Error("an unknown kind was evaluated")
	}
	for _, k := range plan.Kinds {
		if ops[k] == nil {
			t.Errorf("%s: no definition", k)
		}
	}
}

func TestExecKeepsItsArguments(t *testing.T) {
	p := &plan.Plan{Version: plan.Version,
		Values: []plan.Value{
			{Name: "s", Role: plan.State, Shape: tensor.Shape{1}}, {Name: "x", Role: plan.Input, Shape: tensor.Shape{1}},
			{Name: "decay", Role: plan.Input, Shape: tensor.Shape{1}}, {Name: "ok", Role: plan.Const, Shape: tensor.Shape{1}, Data: []float32{1}},
		},
		Steps:   []plan.Step{{Kind: plan.Blend, In: []int{0, 1, 2, 3}, Out: []int{0}}},
		Outputs: []plan.Output{{Name: "y", Value: 0}},
	}
	values := map[string][]float64{"s": {1}, "x": {1 + 1e-12}}
	out, err := Exec(p, values)
	if err != nil {
		t.Fatal(err)
	}
	if out["s"][0] != 1+1e-12 || out["y"][0] != 1+1e-12 || values["s"][0] != 1 {
		t.Errorf("result %v from %v: want the state moved in float64 and the argument kept", out, values)
	}
	for _, bad := range []map[string][]float64{{"nobody": {1}}, {"ok": {1}}, {"x": {1, 2}}} {
		if _, err := Exec(p, bad); err == nil {
			t.Errorf("values %v were taken", bad)
		}
	}
}
