package webgpu

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"mien/shared/device/devicetest"
	"mien/shared/plan"
	"mien/shared/tensor"
)

func TestEveryKindIsLowered(t *testing.T) {
	for _, k := range plan.Kinds {
		if lowerings[k] == nil {
			t.Errorf("%s: no kernel", k)
		}
	}
}

// texts returns every kernel of the table of devices and of a training step.
func texts(t *testing.T) map[string]string {
	t.Helper()
	net, _ := devicetest.Net(2, 14)
	plans := []*plan.Plan{net}
	for i, c := range devicetest.Cases {
		p, _, err := c.Plan(uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	all := map[string]string{}
	for _, p := range plans {
		texts, err := Kernels(p)
		if err != nil {
			t.Fatal(err)
		}
		for text, label := range texts {
			all[text] = label
		}
	}
	return all
}

// TestRules holds every text to what keeps it valid on every implementation.
func TestRules(t *testing.T) {
	size, binding := regexp.MustCompile(`@workgroup_size\((\d+)\)`), regexp.MustCompile(`var<storage`)
	shared := regexp.MustCompile(`var<workgroup> \w+: array<(vec4<f32>|f32|u32), (\d+)>`)
	for text, label := range texts(t) {
		number := func(s string) (n int) {
			if _, err := fmt.Sscan(s, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, m := range size.FindAllStringSubmatch(text, -1) {
			if n := number(m[1]); n > maxInvocations {
				t.Errorf("%s: %d invocations", label, n)
			}
		}
		if n := len(binding.FindAllString(text, -1)); n > maxStorage {
			t.Errorf("%s: %d storage buffers", label, n)
		}
		bytes := 0
		for _, m := range shared.FindAllStringSubmatch(text, -1) {
			width := 4
			if m[1] == "vec4<f32>" {
				width = 16
			}
			bytes += width * number(m[2])
		}
		if bytes > 16<<10 {
			t.Errorf("%s: %d bytes shared, every adapter has 16384", label, bytes)
		}
		for i, line := range strings.Split(text, "\n") {
			code, _, _ := strings.Cut(strings.TrimSpace(line), "//")
			if strings.HasPrefix(code, "enable") || strings.HasPrefix(code, "override") {
				t.Errorf("%s:%d: %s", label, i+1, code)
			}
			if strings.HasPrefix(code, "var ") && !strings.Contains(code, "=") {
				t.Errorf("%s:%d: %s: no initialiser", label, i+1, code)
			}
		}
	}
}

func TestPlace(t *testing.T) {
	x := &text{}
	x.add("bindings", "a\nb\n")
	x.add("wgsl/conv.wgsl", "c\nd")
	for _, c := range []struct{ message, want string }{
		{"parsing error\n  ┌─ wgsl:2:5", "bindings:2:5: parsing error"},
		{"parsing error\n  ┌─ wgsl:4:7", "wgsl/conv.wgsl:2:7: parsing error"},
		{":3:1 error: unresolved value", "wgsl/conv.wgsl:1:1: :3:1 error"},
		{"out of memory", "out of memory"},
	} {
		if got := x.place(errors.New(c.message)).Error(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q gives %q, want %q", c.message, got, c.want)
		}
	}
}

// chained is a convolution with bias, rectifier and gate, of which only the
// rectifier's result and the last are read outside.
func chained() *plan.Plan {
	v := func(role plan.Role, name string, shape ...int) plan.Value {
		p := plan.Value{Role: role, Name: name, Shape: shape}
		if role == plan.Const {
			p.Data = make([]float32, p.Shape.Numel())
			for i := range p.Data {
				p.Data[i] = float32(i%7) - 3.1
			}
		}
		return p
	}
	return &plan.Plan{Version: plan.Version, Values: []plan.Value{
		v(plan.Input, "x", 1, 8, 8, 4), v(plan.Const, "w", 3, 3, 4, 8), v(plan.Const, "b", 1, 1, 1, 8), v(plan.Input, "g", 1, 8, 8, 8),
		v(plan.Temp, "", 1, 8, 8, 8), v(plan.Temp, "", 1, 8, 8, 8), v(plan.Temp, "", 1, 8, 8, 8), v(plan.Temp, "", 64, 8), v(plan.Temp, "", 64, 8),
	}, Steps: []plan.Step{
		{Kind: plan.Conv, Ints: []int{1, 1}, In: []int{0, 1}, Out: []int{4}},
		{Kind: plan.Add, In: []int{4, 2}, Out: []int{5}},
		{Kind: plan.LeakyRelu, Floats: []float64{.2}, In: []int{5}, Out: []int{6}},
		{Kind: plan.Reshape, Ints: []int{64, 8}, In: []int{6}, Out: []int{7}},
		{Kind: plan.Affine, Floats: []float64{2, 1}, In: []int{7}, Out: []int{8}},
	}, Outputs: []plan.Output{{Name: "early", Value: 6}, {Name: "y", Value: 8}}}
}

func TestChainsJoinTheirConvolution(t *testing.T) {
	l, err := lower(chained(), choice{})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.nodes) != 1 || len(l.nodes[0].calls) != 1 {
		t.Fatalf("%d nodes, want one with one call", len(l.nodes))
	}
	c := l.nodes[0].calls[0]
	if want := "conv+add+lrelu+affine"; !strings.HasPrefix(c.label, want) {
		t.Errorf("label %q, want %q", c.label, want)
	}
	if stored := strings.Count(fmt.Sprint(c.writes()), "true"); stored != 2 {
		t.Errorf("%d values are stored, want the two that are outputs", stored)
	}
}

// TestSumsAbsorbTheirOperand wants squares and their sum in one call, unless
// somebody else reads the squares.
func TestSumsAbsorbTheirOperand(t *testing.T) {
	for _, c := range []struct {
		outputs []int
		calls   int
	}{{[]int{2}, 1}, {[]int{1, 2}, 2}} {
		p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
			{Role: plan.Input, Name: "x", Shape: []int{2, 5, 5, 3}}, {Role: plan.Temp, Shape: []int{2, 5, 5, 3}}, {Role: plan.Temp, Shape: []int{2, 1, 1, 3}},
		}, Steps: []plan.Step{{Kind: plan.Mul, In: []int{0, 0}, Out: []int{1}}, {Kind: plan.SumTo, Ints: []int{2, 1, 1, 3}, In: []int{1}, Out: []int{2}}}}
		for _, v := range c.outputs {
			p.Outputs = append(p.Outputs, plan.Output{Name: fmt.Sprint("y", v), Value: v})
		}
		l, err := lower(p, choice{})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		for _, n := range l.nodes {
			calls += len(n.calls)
		}
		if calls != c.calls {
			t.Errorf("outputs %v: %d calls, want %d", c.outputs, calls, c.calls)
		}
	}
}

// TestDeviationsAreSquaredInTheirSum wants of d = x - mean and the sum of d*d
// only d to be stored.
func TestDeviationsAreSquaredInTheirSum(t *testing.T) {
	shape, small := tensor.Shape{2, 5, 5, 3}, tensor.Shape{2, 1, 1, 3}
	p := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Role: plan.Input, Name: "x", Shape: shape}, {Role: plan.Input, Name: "mean", Shape: small},
		{Role: plan.Temp, Shape: shape}, {Role: plan.Temp, Shape: shape}, {Role: plan.Temp, Shape: small},
	}, Steps: []plan.Step{
		{Kind: plan.Sub, In: []int{0, 1}, Out: []int{2}}, {Kind: plan.Mul, In: []int{2, 2}, Out: []int{3}},
		{Kind: plan.SumTo, Ints: small, In: []int{3}, Out: []int{4}},
	}, Outputs: []plan.Output{{Name: "d", Value: 2}, {Name: "sum", Value: 4}}}
	l, err := lower(p, choice{})
	if err != nil {
		t.Fatal(err)
	}
	if l.place[3] >= 0 || l.place[2] < 0 || l.place[4] < 0 {
		t.Errorf("buffers %v, want none for value 3", l.place)
	}
}

// TestBuffersAreShared wants that no two values share a buffer while both
// live, and as few buffers as can be.
func TestBuffersAreShared(t *testing.T) {
	p, _ := devicetest.Net(3, 14)
	l, err := lower(p, choice{})
	if err != nil {
		t.Fatal(err)
	}
	type owner struct{ value, until int }
	owners := map[int]owner{} // per buffer: who wrote it last, and when it is read last
	last := map[int]int{}
	for n, node := range l.nodes {
		for _, c := range node.calls {
			for _, b := range c.bound {
				last[l.alias[b.value]] = n
			}
		}
	}
	for _, o := range p.Outputs {
		last[l.alias[o.Value]] = len(l.nodes)
	}
	for n, node := range l.nodes {
		for _, c := range node.calls {
			for _, b := range c.bound {
				v := l.alias[b.value]
				o, taken := owners[l.place[v]]
				if taken && o.value != v && o.until >= n {
					t.Errorf("node %d: value %d takes the buffer of %d, which lives until %d", n, v, o.value, o.until)
				}
				owners[l.place[v]] = owner{v, last[v]}
			}
		}
	}
	// A row of convolutions needs two buffers, in turn, beside input and
	// weights, and one for the output.
	row := &plan.Plan{Version: plan.Version, Values: []plan.Value{
		{Role: plan.Input, Name: "x", Shape: []int{1, 8, 8, 4}}, {Role: plan.Input, Name: "w", Shape: []int{3, 3, 4, 4}},
	}}
	for i := range 9 {
		row.Values = append(row.Values, plan.Value{Role: plan.Temp, Shape: []int{1, 8, 8, 4}})
		in := i + 1
		if i == 0 {
			in = 0
		}
		row.Steps = append(row.Steps, plan.Step{Kind: plan.Conv, Ints: []int{1, 1}, In: []int{in, 1}, Out: []int{i + 2}})
	}
	row.Outputs = []plan.Output{{Name: "y", Value: 10}}
	if l, err = lower(row, choice{}); err != nil {
		t.Fatal(err)
	}
	if len(l.sizes) != 4 {
		t.Errorf("%d buffers, want 4", len(l.sizes))
	}
}

func TestLimitsAreTold(t *testing.T) {
	l, err := lower(chained(), choice{})
	if err != nil {
		t.Fatal(err)
	}
	fine := Adapter{Name: "card", MaxBinding: 1 << 20, MaxBuffer: 1 << 20, MaxGroups: 65535}
	if err := l.check(fine); err != nil {
		t.Error(err)
	}
	small := fine
	small.MaxBinding = 1100
	if err := l.check(small); err == nil || !strings.Contains(err.Error(), `"w" [3 3 4 8]`) {
		t.Errorf("a tensor over the limit: %v", err)
	}
	narrow := fine
	narrow.MaxGroups = 0
	if err := l.check(narrow); err == nil || !strings.Contains(err.Error(), "workgroups") {
		t.Errorf("a grid over the limit: %v", err)
	}
}

// TestHalves compares rounding with the nearest of all half floats.
func TestHalves(t *testing.T) {
	wide := func(h uint16) float64 {
		e, m := int(h>>10&31), float64(h&1023)
		if e == 0 {
			return m * 0x1p-24
		}
		return math.Ldexp(1024+m, e-25)
	}
	for h := range uint16(0x7c00) {
		for _, f := range []float64{0, .49, .51} {
			x := float32(wide(h) + f*(wide(h+1)-wide(h)))
			want := h
			if f > .5 {
				want++
			}
			if got := toHalf(x); got != want || toHalf(-x) != want|0x8000 {
				t.Fatalf("%g gives %#x, want %#x", x, got, want)
			}
		}
	}
	if got := packHalf([]float32{1, -2, 0.5}); len(got) != 2 || got[0] != 0xc0003c00 || got[1] != 0x3800 {
		t.Errorf("%#x", got)
	}
}

// TestTilesCover checks the shapes of all tiles.
func TestTilesCover(t *testing.T) {
	for _, x := range tiles {
		if n := x.invocations(); n > maxInvocations || x.rows%x.high != 0 || x.columns%x.wide != 0 || x.high%4 != 0 || x.wide%4 != 0 || n&(n-1) != 0 {
			t.Errorf("%v: %d invocations of %dx%d", x, n, x.high, x.wide)
		}
	}
	for _, c := range []struct {
		rows, columns int
		want          string
	}{{1 << 16, 256, "128x128"}, {1 << 16, 3, "256x16"}, {1 << 16, 32, "128x32"}, {16, 16, "32x32"}} {
		p := &product{rows: c.rows, columns: c.columns, phases: 1}
		if got := p.tile(choice{}).String(); got != c.want {
			t.Errorf("%d x %d: tile %s, want %s", c.rows, c.columns, got, c.want)
		}
	}
}
