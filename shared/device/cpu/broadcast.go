package cpu

import (
	"mien/shared/device/cpu/vector"
	"mien/shared/plan"
	"mien/shared/tensor"
)

// rows walks over a result in rows along its innermost group of dimensions,
// while operands stay in place where they are broadcast. Neighbouring
// dimensions in which each operand is either broadcast or not are one group,
// so that most broadcasts have one to three.
type rows struct {
	count  int // number of rows
	length int // elements of a row
	extent []int
	stride [2][]int // per operand and outer group; 0 where it is repeated
	inner  [2]int   // per operand: 1, or 0 where one element serves the row
}

// newRows describes the walk over a result of shape y with operands of shapes
// a and b.
func newRows(y, a, b tensor.Shape) rows {
	type group struct {
		n  int
		in [2]bool // operand has this dimension
	}
	var groups []group
	for d, n := range y {
		if n == 1 {
			continue
		}
		g := group{n, [2]bool{a[d] != 1, b[d] != 1}}
		if k := len(groups) - 1; k >= 0 && groups[k].in == g.in {
			groups[k].n *= n
			continue
		}
		groups = append(groups, g)
	}
	if len(groups) == 0 {
		groups = append(groups, group{1, [2]bool{true, true}})
	}
	last := groups[len(groups)-1]
	r := rows{count: 1, length: last.n}
	outer := groups[:len(groups)-1]
	r.extent = make([]int, len(outer))
	for op := range 2 {
		step := 1
		if last.in[op] {
			r.inner[op], step = 1, last.n
		}
		r.stride[op] = make([]int, len(outer))
		for g := len(outer) - 1; g >= 0; g-- {
			if outer[g].in[op] {
				r.stride[op][g] = step
				step *= outer[g].n
			}
		}
	}
	for g := range outer {
		r.extent[g] = outer[g].n
		r.count *= outer[g].n
	}
	return r
}

// cursor is a row and where its operands begin.
type cursor struct {
	at   [2]int
	pos  [6]int
	rows *rows
}

func (r *rows) start(row int) cursor {
	c := cursor{rows: r}
	for g := len(r.extent) - 1; g >= 0; g-- {
		p := row % r.extent[g]
		row /= r.extent[g]
		c.pos[g] = p
		c.at[0] += p * r.stride[0][g]
		c.at[1] += p * r.stride[1][g]
	}
	return c
}

func (c *cursor) next() {
	r := c.rows
	for g := len(r.extent) - 1; g >= 0; g-- {
		c.pos[g]++
		c.at[0] += r.stride[0][g]
		c.at[1] += r.stride[1][g]
		if c.pos[g] < r.extent[g] {
			return
		}
		c.pos[g] = 0
		c.at[0] -= r.extent[g] * r.stride[0][g]
		c.at[1] -= r.extent[g] * r.stride[1][g]
	}
}

// loops are the loops of one binary operation: over two vectors, a vector and
// a number, a number and a vector.
type loops struct {
	vv func(y, a, b []float32)
	vs func(y, a []float32, b float32)
	sv func(y []float32, a float32, b []float32)
}

// binaries holds the loops of each binary operation.
var binaries = map[plan.Kind]loops{
	plan.Add:   {vector.Add, vector.AddS, vector.SAdd},
	plan.Sub:   {vector.Sub, vector.SubS, vector.SSub},
	plan.Mul:   {vector.Mul, vector.MulS, vector.SMul},
	plan.Div:   {vector.Div, vector.DivS, vector.SDiv},
	plan.PRelu: {vector.PRelu, vector.PReluS, vector.SPRelu},
}

// binary compiles the loops of kind.
func binary(kind plan.Kind) compiler {
	return func(o *operands) func() {
		f := binaries[kind]
		y, a, b := o.out[0], o.in[0], o.in[1]
		r := newRows(o.outShapes[0], o.inShapes[0], o.inShapes[1])
		if r.count == 1 {
			return o.pool.flat(len(y), func(lo, hi int) {
				switch {
				case r.inner[0] == 0:
					f.sv(y[lo:hi], a[0], b[lo:hi])
				case r.inner[1] == 0:
					f.vs(y[lo:hi], a[lo:hi], b[0])
				default:
					f.vv(y[lo:hi], a[lo:hi], b[lo:hi])
				}
			})
		}
		n := r.length
		return o.pool.rows(r.count, n+8, func(lo, hi int) {
			c := r.start(lo)
			for row := lo; row < hi; row++ {
				y, i, j := y[row*n:row*n+n], c.at[0], c.at[1]
				switch {
				case r.inner[0] == 0:
					f.sv(y, a[i], b[j:j+n])
				case r.inner[1] == 0:
					f.vs(y, a[i:i+n], b[j])
				default:
					f.vv(y, a[i:i+n], b[j:j+n])
				}
				c.next()
			}
		})
	}
}

func spread(o *operands) func() {
	y, x := o.out[0], o.in[0]
	r := newRows(o.outShapes[0], o.inShapes[0], o.outShapes[0])
	n := r.length
	return o.pool.rows(r.count, n, func(lo, hi int) {
		c := r.start(lo)
		for row := lo; row < hi; row++ {
			y, i := y[row*n:row*n+n], c.at[0]
			if r.inner[0] == 1 {
				copy(y, x[i:i+n])
			} else {
				fill(y, x[i])
			}
			c.next()
		}
	})
}

func fill(y []float32, v float32) {
	for i := range y {
		y[i] = v
	}
}
