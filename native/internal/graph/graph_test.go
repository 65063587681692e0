package graph

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	gt "gorgonia.org/tensor"

	"mien/shared/device/ref"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// opCase builds one operation from operands of the given shapes.
type opCase struct {
	kind   plan.Kind
	shapes []tensor.Shape
	lo, hi float64
	build  func(g *Graph, in []Node) Node
	once   bool // no second derivative
}

func shapes(s ...tensor.Shape) []tensor.Shape { return s }

type sh = tensor.Shape

var cases = []opCase{
	{plan.Conv, shapes(sh{2, 7, 8, 3}, sh{3, 3, 3, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.Conv(in[0], in[1], 2, 1) }, false},
	{plan.ConvInput, shapes(sh{2, 4, 4, 2}, sh{3, 3, 3, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.ConvInput(in[0], in[1], 2, 1, 7, 8) }, false},
	{plan.ConvWeight, shapes(sh{2, 7, 8, 3}, sh{2, 4, 4, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.ConvWeight(in[0], in[1], 2, 1, 3, 3) }, false},
	{plan.MatMul, shapes(sh{3, 4}, sh{4, 5}), -1, 1, func(g *Graph, in []Node) Node { return g.MatMul(in[0], in[1], false, false) }, false},
	{plan.MatMul, shapes(sh{4, 3}, sh{5, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.MatMul(in[0], in[1], true, true) }, false},
	{plan.MatMul, shapes(sh{4, 3}, sh{4, 5}), -1, 1, func(g *Graph, in []Node) Node { return g.MatMul(in[0], in[1], true, false) }, false},
	{plan.MatMul, shapes(sh{3, 4}, sh{5, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.MatMul(in[0], in[1], false, true) }, false},
	{plan.Add, shapes(sh{2, 1, 3}, sh{1, 4, 3}), -1, 1, func(g *Graph, in []Node) Node { return g.Add(in[0], in[1]) }, false},
	{plan.Sub, shapes(sh{2, 1, 3}, sh{1, 4, 3}), -1, 1, func(g *Graph, in []Node) Node { return g.Sub(in[0], in[1]) }, false},
	{plan.Mul, shapes(sh{2, 1, 3}, sh{1, 4, 3}), -1, 1, func(g *Graph, in []Node) Node { return g.Mul(in[0], in[1]) }, false},
	{plan.Div, shapes(sh{2, 1, 3}, sh{1, 4, 3}), .5, 2, func(g *Graph, in []Node) Node { return g.Div(in[0], in[1]) }, false},
	{plan.PRelu, shapes(sh{2, 1, 3}, sh{1, 4, 3}), -1, 1, func(g *Graph, in []Node) Node { return g.PRelu(in[0], in[1]) }, false},
	{plan.PRelu, shapes(sh{2, 4, 3}, sh{1, 1, 3}), -1, 1, func(g *Graph, in []Node) Node { return g.PRelu(in[0], in[1]) }, false},
	{plan.Affine, shapes(sh{7}), -1, 1, func(g *Graph, in []Node) Node { return g.Affine(in[0], 3, 2) }, false},
	{plan.LeakyRelu, shapes(sh{9}), -1, 1, func(g *Graph, in []Node) Node { return g.LeakyRelu(in[0], .2) }, false},
	{plan.Gate, shapes(sh{9}, sh{9}), -1, 1, func(g *Graph, in []Node) Node { return g.Gate(in[0], in[1], .2) }, false},
	{plan.Tanh, shapes(sh{9}), -2, 2, func(g *Graph, in []Node) Node { return g.Tanh(in[0]) }, false},
	{plan.Sigmoid, shapes(sh{9}), -2, 2, func(g *Graph, in []Node) Node { return g.Sigmoid(in[0]) }, false},
	{plan.Softplus, shapes(sh{9}), -2, 2, func(g *Graph, in []Node) Node { return g.Softplus(in[0]) }, false},
	{plan.Exp, shapes(sh{9}), -2, 2, func(g *Graph, in []Node) Node { return g.Exp(in[0]) }, false},
	{plan.Log, shapes(sh{9}), .5, 2, func(g *Graph, in []Node) Node { return g.Log(in[0]) }, false},
	{plan.Sqrt, shapes(sh{9}), .5, 2, func(g *Graph, in []Node) Node { return g.Sqrt(in[0]) }, false},
	{plan.Abs, shapes(sh{9}), -1, 1, func(g *Graph, in []Node) Node { return g.Abs(in[0]) }, false},
	{plan.Sign, shapes(sh{9}), -1, 1, func(g *Graph, in []Node) Node { return g.Add(g.Sign(in[0]), in[0]) }, false},
	{plan.Clamp, shapes(sh{9}), -1, 1, func(g *Graph, in []Node) Node { return g.Clamp(in[0], -.5, .5) }, false},
	{plan.Inside, shapes(sh{9}), -1, 1, func(g *Graph, in []Node) Node { return g.Add(g.Inside(in[0], -.5, .5), in[0]) }, false},
	{plan.SumTo, shapes(sh{2, 3, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.SumTo(in[0], 2, 1, 4) }, false},
	{plan.Spread, shapes(sh{2, 1, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.Spread(in[0], 2, 3, 4) }, false},
	{plan.Reshape, shapes(sh{2, 3, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.Reshape(in[0], 6, 4) }, false},
	{plan.Concat, shapes(sh{2, 3, 4}, sh{2, 1, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.Concat(1, in...) }, false},
	{plan.Slice, shapes(sh{2, 5, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.Slice(in[0], 1, 1, 3) }, false},
	{plan.Pad, shapes(sh{2, 3, 4}), -1, 1, func(g *Graph, in []Node) Node { return g.Pad(in[0], 1, 1, 2) }, false},
	{plan.Unshuffle, shapes(sh{1, 4, 6, 3}), -1, 1, func(g *Graph, in []Node) Node { return g.Unshuffle(in[0], 2) }, false},
	{plan.Shuffle, shapes(sh{1, 2, 3, 8}), -1, 1, func(g *Graph, in []Node) Node { return g.Shuffle(in[0], 2) }, false},
	{plan.Nearest, shapes(sh{1, 2, 3, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.Nearest(in[0], 3) }, false},
	{plan.SumPool, shapes(sh{1, 4, 6, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.SumPool(in[0], 2) }, false},
	{plan.Resize, shapes(sh{1, 3, 4, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.Resize(in[0], 6, 7) }, false},
	{plan.ResizeInput, shapes(sh{1, 6, 7, 2}), -1, 1, func(g *Graph, in []Node) Node { return g.ResizeInput(in[0], 3, 4) }, false},
	{plan.Warp, shapes(sh{1, 5, 6, 2}, sh{1, 3, 4, 2}), -.3, .3, func(g *Graph, in []Node) Node { return g.Warp(in[0], in[1]) }, true},
	{plan.WarpInput, shapes(sh{1, 3, 4, 2}, sh{1, 3, 4, 2}), -.3, .3, func(g *Graph, in []Node) Node { return g.WarpInput(in[0], in[1], 5, 6) }, true},
	{plan.Finite, shapes(sh{4}, sh{3}), -1, 1, func(g *Graph, in []Node) Node { return g.Mul(g.Finite(in...), g.Sum(g.Add(in[0], g.Sum(in[1])))) }, false},
}

// forwardOnly are kinds whose derivative is refused, with what stands for them.
var forwardOnly = map[plan.Kind]bool{plan.WarpFlow: true, plan.Adam: true, plan.Blend: true, plan.Depthwise: true, plan.MaxPool: true}

func TestEveryKindHasACaseAndARule(t *testing.T) {
	seen := map[plan.Kind]bool{}
	for _, c := range cases {
		seen[c.kind] = true
	}
	for _, k := range plan.Kinds {
		if !seen[k] && !forwardOnly[k] {
			t.Errorf("%s: no gradient case", k)
		}
		if (rules[k] == nil) != none[k] {
			t.Errorf("%s: want a rule or a mention in none", k)
		}
	}
}

func values(names []string, shapes []tensor.Shape, lo, hi float64, seed uint64) map[string][]float64 {
	v := map[string][]float64{}
	for i, name := range names {
		r := tensor.NewRand(seed, 1, 0, uint64(i))
		data := make([]float64, shapes[i].Numel())
		for j := range data {
			data[j] = lo + (hi-lo)*r.Float64()
		}
		v[name] = data
	}
	return v
}

// check compares the gradients of cost with central differences.
func check(t *testing.T, g *Graph, cost Node, names []string, leaves []Node, v map[string][]float64, tolerance float64) {
	t.Helper()
	grads, err := g.GradOrZero(cost, leaves...)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]Node{"cost": cost}
	for i, d := range grads {
		outputs["d "+names[i]] = d
	}
	p, err := g.Lower(outputs)
	if err != nil {
		t.Fatal(err)
	}
	got := exec(t, p, v)
	const h = 1e-5
	for _, name := range names {
		scale := 1e-3
		want := make([]float64, len(v[name]))
		for j := range v[name] {
			x := v[name][j]
			v[name][j] = x + h
			up := exec(t, p, v)["cost"][0]
			v[name][j] = x - h
			down := exec(t, p, v)["cost"][0]
			v[name][j] = x
			want[j] = (up - down) / (2 * h)
			scale = max(scale, math.Abs(want[j]))
		}
		for j := range want {
			if e := math.Abs(got["d "+name][j]-want[j]) / scale; !(e < tolerance) {
				t.Errorf("d cost/d %s[%d] = %g, differences give %g (relative %g)", name, j, got["d "+name][j], want[j], e)
				return
			}
		}
	}
}

func exec(t *testing.T, p *plan.Plan, v map[string][]float64) map[string][]float64 {
	t.Helper()
	out, err := ref.Exec(p, v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// build makes leaves and a scalar cost that weighs every element differently.
func build(c opCase) (g *Graph, names []string, leaves []Node, cost Node) {
	g = New()
	for i, s := range c.shapes {
		names = append(names, fmt.Sprintf("x%d", i))
		leaves = append(leaves, g.Input(names[i], s...))
	}
	y := c.build(g, leaves)
	weights := make([]float32, Shape(y).Numel())
	r := tensor.NewRand(5, 2, 0, 0)
	for i := range weights {
		weights[i] = r.Range(-1, 1)
	}
	return g, names, leaves, g.Sum(g.Mul(g.Tanh(y), g.Const("weights", weights, Shape(y)...)))
}

func TestGradients(t *testing.T) {
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s", i, c.kind), func(t *testing.T) {
			g, names, leaves, cost := build(c)
			v := values(names, c.shapes, c.lo, c.hi, uint64(i))
			check(t, g, cost, names, leaves, v, 1e-6)
			if c.once {
				return
			}
			// The gradient's squared length is a cost of its own.
			g, names, leaves, cost = build(c)
			grads, err := g.GradOrZero(cost, leaves...)
			if err != nil {
				t.Fatal(err)
			}
			var second Node
			for _, d := range grads {
				if q := g.Sum(g.Square(d)); second == nil {
					second = q
				} else {
					second = g.Add(second, q)
				}
			}
			check(t, g, second, names, leaves, v, 1e-5)
		})
	}
}

func TestFlowHasNoSecondDerivative(t *testing.T) {
	g := New()
	x, f := g.Input("x", 1, 4, 4, 1), g.Input("f", 1, 4, 4, 2)
	d, err := g.Grad(g.Sum(g.Warp(x, f)), f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Grad(g.Sum(g.Square(d[0])), f); err == nil || !strings.Contains(err.Error(), "warpflow") {
		t.Errorf("error %v, want one that names warpflow", err)
	}
}

func TestGradientNamesWhatCostDoesNotDependOn(t *testing.T) {
	g := New()
	x, y := g.Input("x", 2), g.Input("lonely", 2)
	if _, err := g.Grad(g.Sum(x), y); err == nil || !strings.Contains(err.Error(), "lonely") {
		t.Errorf("error %v, want one that names the node", err)
	}
	if _, err := g.Grad(g.Sum(g.Mul(g.Stop(y), x)), y); err == nil {
		t.Error("a gradient came through Stop")
	}
}

// critic is a small conv net with instance norm: score [N 1].
func critic(g *Graph, x Node, w []Node) Node {
	h := g.Conv(x, w[0], 2, 1)
	d := g.Sub(h, g.MeanHW(h))
	h = g.LeakyRelu(g.Div(d, g.Sqrt(g.Affine(g.MeanHW(g.Square(d)), 1, 1e-5))), .2)
	h = g.LeakyRelu(g.Conv(h, w[1], 2, 1), .2)
	s := Shape(h)
	return g.MatMul(g.Reshape(h, s[0], s[1]*s[2]*s[3]), w[2], false, false)
}

// penalty builds a whole WGAN-GP critic loss.
func penalty(t *testing.T) (g *Graph, names []string, shapes []tensor.Shape, leaves []Node, cost Node) {
	t.Helper()
	g = New()
	shapes = []tensor.Shape{{4, 4, 3, 4}, {4, 4, 4, 5}, {20, 1}, {2, 8, 8, 3}, {2, 8, 8, 3}}
	names = []string{"w0", "w1", "w2", "real", "fake"}
	var all []Node
	for i, s := range shapes {
		all = append(all, g.Input(names[i], s...))
	}
	w, real, fake := all[:3], all[3], all[4]
	mid := g.Affine(g.Add(real, fake), .5, 0)
	grads, err := g.Grad(g.Sum(critic(g, mid, w)), mid)
	if err != nil {
		t.Fatal(err)
	}
	length := g.Sqrt(g.Affine(g.SumTo(g.Square(grads[0]), 2, 1, 1, 1), 1, 1e-12))
	gp := g.Mean(g.Square(g.Affine(length, 1, -1)))
	cost = g.Add(g.Sub(g.Mean(critic(g, fake, w)), g.Mean(critic(g, real, w))), g.Affine(gp, 10, 0))
	return g, names[:3], shapes, w, cost
}

func TestWassersteinPenaltyDifferentiatesTwice(t *testing.T) {
	g, names, s, leaves, cost := penalty(t)
	v := values([]string{"w0", "w1", "w2", "real", "fake"}, s, -.5, .5, 3)
	check(t, g, cost, names, leaves, v, 1e-6)
}

func TestTapeMachineAgrees(t *testing.T) {
	g, names, s, leaves, cost := penalty(t)
	grads, err := g.Grad(cost, leaves...)
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]Node{"cost": cost}
	for i, d := range grads {
		outputs[names[i]] = d
	}
	p, err := g.Lower(outputs)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"w0", "w1", "w2", "real", "fake"}
	v := values(all, s, -.5, .5, 3)
	want := exec(t, p, v)
	for _, n := range g.nodes {
		if data, ok := v[n.Name()]; ok && opOf(n) == nil {
			if err := gorgonia.Let(n, gt.New(gt.WithShape(n.Shape()...), gt.WithBacking(data))); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := gorgonia.NewTapeMachine(g.Expr)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	for name, n := range outputs {
		data, ok := n.Value().Data().([]float64)
		if !ok {
			t.Fatalf("%s: value %T", name, n.Value().Data())
		}
		for i := range data {
			if math.Abs(data[i]-want[name][i]) > 1e-12*max(1, math.Abs(want[name][i])) {
				t.Fatalf("%s[%d]: TapeMachine %g, plan %g", name, i, data[i], want[name][i])
			}
		}
	}
}

func TestStatesAreReadBeforeTheyChange(t *testing.T) {
	g := New()
	s, x := g.State("s", 3), g.Input("x", 3)
	zero, one := g.Const("zero", []float32{0}, 1), g.Const("one", []float32{1}, 1)
	after := g.Blend(s, x, zero, one) // s = x
	before := g.Affine(s, 2, 0)       // made later, reads the old value
	p, err := g.Lower(map[string]Node{"before": before, "after": g.Affine(after, 2, 0)})
	if err != nil {
		t.Fatal(err)
	}
	out := exec(t, p, map[string][]float64{"s": {1, 2, 3}, "x": {4, 5, 6}})
	if out["before"][0] != 2 || out["after"][0] != 8 || out["s"][2] != 6 {
		t.Errorf("got %v", out)
	}
}

func TestStateChangedTwiceIsRefused(t *testing.T) {
	g := New()
	s, x := g.State("s", 1), g.Input("x", 1)
	g.Blend(s, x, x, x)
	g.Blend(s, g.Affine(x, 2, 0), x, x)
	if _, err := g.Lower(nil); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("error %v", err)
	}
}
