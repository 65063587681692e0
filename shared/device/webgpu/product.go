package webgpu

import (
	"fmt"
	"strings"

	"mien/shared/plan"
)

// product is a convolution, one of its gradients, or a matrix product: rows of
// A times columns of B, summed over a depth. What A and B are is in the .wgsl
// file of its kind; the loop over tiles (tile.go) is the same for all.
type product struct {
	kind   plan.Kind
	in     [2]int // memories of A and B
	out    int
	fields []string // parameters after the common ones
	params []uint32

	images, rows, columns, depth int  // rows of the largest phase
	phases, split                int  // products of one call; depth of one
	deepA, deepB                 bool // neighbours in memory are neighbours in depth
	wideA, wideB                 bool // four neighbours of a row, or column, can be read at once
	halfB                        bool
	even                         bool // a piece of the depth lies within one tap, or row of pixels
}

// Splitting: a product of few tiles and a long sum is cut along its depth, so
// that a GPU has enough workgroups. The numbers are the same on every adapter,
// for the order of additions is.
const (
	fewTiles  = 64  // workgroups that leave a GPU idle
	leastPart = 256 // depth that a part has at least
	mostParts = 64
)

// matrixProduct lowers the four kinds of products to a node whose chain takes
// the elementwise steps that follow.
func matrixProduct(l *lowered, s plan.Step) error {
	p := newProduct(l, s)
	n := len(l.nodes)
	tile := p.tile(l.choice)
	tiles := ceil(p.rows, tile.rows) * ceil(p.columns, tile.columns)
	parts := 1
	if p.kind != plan.ConvInput {
		if tiles < fewTiles {
			parts = max(min(ceil(fewTiles*2, tiles), p.depth/leastPart, mostParts), 1)
		}
		if l.choice.parts > 0 {
			parts = l.choice.parts
		}
		p.split = ceil(ceil(p.depth, parts), tileDepth) * tileDepth
		parts = ceil(p.depth, p.split)
		p.phases = parts
	}
	if parts == 1 {
		c := &chain{n: l.values[p.out].size, root: p, head: p.out}
		l.nodes = append(l.nodes, &node{chain: c})
		l.ready[p.out] = n
		return nil
	}
	// The parts are results side by side in scratch; then they are added up.
	size := l.values[p.out].size
	partial := l.scratch(parts * size)
	l.uses[partial] = 1
	c := &chain{n: parts * size, root: p, head: partial}
	calls := c.finish(l)
	l.add(append(calls, sumCalls(l, nil, partial, p.out, []sumPass{{1, parts, size}})...)...)
	return nil
}

func newProduct(l *lowered, s plan.Step) *product {
	p := &product{kind: s.Kind, in: [2]int{l.alias[s.In[0]], l.alias[s.In[1]]}, out: l.alias[s.Out[0]], phases: 1, images: 1}
	a, b, y := l.shape(s.In[0]), l.shape(s.In[1]), l.shape(s.Out[0])
	set := func(name string, v int) {
		p.fields = append(p.fields, name+": u32,")
		p.params = append(p.params, uint32(v))
	}
	convolution := func(x, w, y []int, inner int) {
		p.images = x[0]
		for _, f := range []struct {
			name string
			v    int
		}{{"h", x[1]}, {"w", x[2]}, {"oh", y[1]}, {"ow", y[2]}, {"kh", w[0]}, {"kw", w[1]}, {"inner", inner}, {"stride", s.Ints[0]}, {"pad", s.Ints[1]}} {
			set(f.name, f.v)
		}
	}
	switch s.Kind {
	case plan.Conv:
		convolution(a, b, y, a[3])
		p.rows, p.columns, p.depth = y[0]*y[1]*y[2], y[3], b[0]*b[1]*b[2]
		p.deepA, p.wideB = true, y[3]%4 == 0
		p.even = a[3]%tileDepth == 0
		p.halfB = l.halves(s.In[1], p)
	case plan.ConvInput:
		convolution(y, b, a, a[3])
		stride := s.Ints[0]
		p.rows, p.columns, p.depth = y[0]*ceil(y[1], stride)*ceil(y[2], stride), y[3], b[0]*b[1]*b[3]
		p.phases = stride * stride
		p.deepA, p.deepB = true, true
		p.even = a[3]%tileDepth == 0
	case plan.ConvWeight:
		convolution(a, y, b, a[3])
		p.rows, p.columns, p.depth = y[0]*y[1]*y[2], y[3], b[0]*b[1]*b[2]
		p.wideA, p.wideB = a[3]%4 == 0, y[3]%4 == 0
		p.even = b[2]%tileDepth == 0
	case plan.MatMul:
		p.rows, p.columns, p.depth = y[0], y[1], a[1-s.Ints[0]]
		p.deepA, p.deepB = s.Ints[0] == 0, s.Ints[1] == 1
		p.wideA, p.wideB = !p.deepA && p.rows%4 == 0, !p.deepB && p.columns%4 == 0
		for _, f := range []struct {
			name string
			yes  bool
			v    int
		}{{"astep", p.deepA, p.depth}, {"adeep", !p.deepA, p.rows}, {"bstep", p.deepB, p.depth}, {"bdeep", !p.deepB, p.columns}} {
			if !f.yes {
				f.v = 1
			}
			set(f.name, f.v)
		}
		p.halfB = l.halves(s.In[1], p)
	}
	p.split = p.depth
	return p
}

// halves decides whether the constant v is stored in half floats: only where
// products read it, as their second operand, in pairs.
func (l *lowered) halves(v int, p *product) bool {
	m := &l.values[l.alias[v]]
	if m.half {
		return true
	}
	if !l.choice.half || m.role != plan.Const || !p.wideB {
		return false
	}
	for _, s := range l.plan.Steps {
		for i, in := range s.In {
			if l.alias[in] == l.alias[v] && !(i == 1 && s.Kind == p.kind && l.shape(in)[len(l.shape(in))-1]%4 == 0 && (s.Kind == plan.Conv || s.Ints[1] == 0)) {
				return false
			}
		}
	}
	for _, o := range l.plan.Outputs {
		if l.alias[o.Value] == l.alias[v] {
			return false
		}
	}
	m.half = true
	return true
}

// finish makes the call of a product whose results go through w's chain.
func (p *product) finish(l *lowered, w *writer) []*call {
	tile := p.tile(l.choice)
	t := &text{}
	common := "rows: u32, columns: u32, depth: u32, split: u32, images: u32, "
	w.declare(t, common+strings.Join(p.fields, " ")+" ", 3)
	t.add("operands", p.operands())
	if len(w.chain.steps) > 0 {
		t.file("math.wgsl")
	}
	t.file(string(p.kind) + ".wgsl")
	t.add("chain", w.body)
	t.add("tile", tile.text(p))
	params := []uint32{uint32(p.rows), uint32(p.columns), uint32(p.depth), uint32(p.split), uint32(p.images)}
	params = append(append(params, p.params...), w.params...)
	return []*call{{
		label: fmt.Sprintf("%v %v", w.chain, tile), text: t, params: params,
		bound: writes(append(reads(p.in[0], p.in[1]), reads(w.ins...)...), w.outs...),
		grid:  [3]uint32{uint32(ceil(p.rows, tile.rows)), uint32(ceil(p.columns, tile.columns)), uint32(p.phases)},
	}}
}

// operands declares A and B and how four neighbours of each are read.
func (p *product) operands() string {
	var b strings.Builder
	kinds := [2]string{"f32", "f32"}
	if p.wideA {
		kinds[0] = "vec4<f32>"
	}
	if p.wideB {
		kinds[1] = "vec4<f32>"
	}
	if p.halfB {
		kinds[1] = "vec2<u32>"
	}
	fmt.Fprintf(&b, "@group(0) @binding(1) var<storage, read> a: array<%s>;\n@group(0) @binding(2) var<storage, read> b: array<%s>;\n", kinds[0], kinds[1])
	fmt.Fprintf(&b, "const even = %v;\n", p.even)
	return b.String()
}
