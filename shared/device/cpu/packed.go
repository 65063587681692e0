package cpu

import (
	"mien/shared/device/cpu/kernel"
	"mien/shared/tensor"
)

// packs are the packed forms of a program's weights. One serves every step that
// reads the weights the same way, until they change: until the optimiser's step,
// the host's next Write, or for weights that a step computes, until it runs
// again.
type packs struct {
	of    map[int][]*pack // per value
	bytes int64
}

// pack is one packed form of one value.
type pack struct {
	key   string
	data  []float32
	fresh bool
}

// packed returns what hands out operand i in packed form.
func (o *operands) packed(i int, p kernel.Packing) func() []float32 {
	src := o.in[i]
	if p.Fill == nil {
		return func() []float32 { return src }
	}
	form := o.program.packs.form(o.values[i], p)
	return func() []float32 {
		if !form.fresh {
			p.Fill(form.data, src)
			form.fresh = true
		}
		return form.data
	}
}

// form returns the packed form of value v, made once.
func (ps *packs) form(v int, p kernel.Packing) *pack {
	for _, f := range ps.of[v] {
		if f.key == p.Key {
			return f
		}
	}
	f := &pack{key: p.Key, data: tensor.Floats(p.Floats)}
	if ps.of == nil {
		ps.of = map[int][]*pack{}
	}
	ps.of[v] = append(ps.of[v], f)
	ps.bytes += 4 * int64(p.Floats)
	return f
}

// changed says that value v has new contents.
func (ps *packs) changed(v int) {
	for _, f := range ps.of[v] {
		f.fresh = false
	}
}

// thenChanged adds to a step that writes values that their packed forms are old.
func (ps *packs) thenChanged(step func(), values []int) func() {
	var old []*pack
	for _, v := range values {
		old = append(old, ps.of[v]...)
	}
	if old == nil {
		return step
	}
	return func() {
		step()
		for _, f := range old {
			f.fresh = false
		}
	}
}
