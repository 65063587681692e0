package cpu

import (
	"slices"
	"unsafe"

	"mien/shared/plan"
)

// headBias is the addition of a bias to a depthwise convolution, which its kernel
// does.
type headBias struct {
	step   int       // its place among the group's steps, -1 for none
	data   []float32 // [C]; nil for none
	to     int       // the value that the kernel makes
	memory []float32 // of that value
}

// headBias finds it in a group with a head.
func (c *program) headBias(g plan.Group) headBias {
	head := c.plan.Steps[g.Steps[0]]
	y := head.Out[0]
	none := headBias{step: -1, to: y, memory: c.values[y]}
	if head.Kind != plan.Depthwise || c.readers(y) != 1 {
		return none
	}
	for k, i := range g.Steps {
		s := c.plan.Steps[i]
		if s.Kind != plan.Add || !slices.Contains(s.In, y) {
			continue
		}
		other, to := s.In[0]+s.In[1]-y, s.Out[0]
		v := c.plan.Values[other]
		if v.Role == plan.Temp || v.Shape.Numel() != g.Shape[3] || v.Shape[3] != g.Shape[3] {
			return none
		}
		found := headBias{k, c.values[other], to, c.values[to]}
		if found.memory == nil { // only this pass reads it
			if c.overwritten(g, y, to) {
				return none
			}
			found.memory = c.values[y]
		}
		return found
	}
	return none
}

// readers counts who reads value v.
func (c *program) readers(v int) int {
	n := 0
	for _, s := range c.plan.Steps {
		for _, in := range s.In {
			if in == v {
				n++
			}
		}
	}
	for _, o := range c.plan.Outputs {
		if o.Value == v {
			n++
		}
	}
	return n
}

// overwritten reports whether a step of the group writes the memory of value y before
// value v is read for the last time.
func (c *program) overwritten(g plan.Group, y, v int) bool {
	written := false
	for _, i := range g.Steps[1:] {
		s := c.plan.Steps[i]
		if written && slices.Contains(s.In, v) {
			return true
		}
		written = written || unsafe.SliceData(c.values[s.Out[0]]) == unsafe.SliceData(c.values[y])
	}
	return false
}
