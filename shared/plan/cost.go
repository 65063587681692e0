package plan

// FLOPs returns the floating-point operations of p's convolutions (depthwise
// ones too), their gradients and matrix products, two a multiply-add: what implementations are
// compared by. All else counts as nothing.
func (p *Plan) FLOPs() int64 {
	n := int64(0)
	for _, s := range p.Steps {
		n += p.cost(s)
	}
	return n
}

// StepFLOPs is FLOPs of step i alone.
func (p *Plan) StepFLOPs(i int) int64 { return p.cost(p.Steps[i]) }

// cost is FLOPs of one step.
func (p *Plan) cost(s Step) int64 {
	shape := func(i int) []int { return p.Values[i].Shape }
	switch s.Kind {
	case Conv, ConvInput, ConvWeight:
		var y, w []int // of the convolution itself
		switch s.Kind {
		case Conv:
			y, w = shape(s.Out[0]), shape(s.In[1])
		case ConvInput:
			y, w = shape(s.In[0]), shape(s.In[1])
		case ConvWeight:
			y, w = shape(s.In[1]), shape(s.Out[0])
		}
		return 2 * int64(y[0]*y[1]*y[2]*y[3]) * int64(w[0]*w[1]*w[2])
	case Depthwise:
		y, w := shape(s.Out[0]), shape(s.In[1])
		return 2 * int64(y[0]*y[1]*y[2]*y[3]) * int64(w[0]*w[1])
	case MatMul:
		c, a := shape(s.Out[0]), shape(s.In[0])
		return 2 * int64(c[0]*c[1]) * int64(a[1-s.Ints[0]])
	}
	return 0
}
