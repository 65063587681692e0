// Command avowinograd writes the changes of basis of Winograd's convolutions, in
// amd64 assembly, for shared/device/cpu/kernel:
//
//	go run ./tools/avowinograd -pkg kernel -out shared/device/cpu/kernel/winograd_amd64.s -stubs shared/device/cpu/kernel/winograd_amd64.go
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"mien/shared/device/cpu/kernel/basis"
)

func main() {
	ConstraintExpr("amd64")
	for _, v := range []struct {
		name  string
		width int
	}{{"AVX512", 64}, {"AVX2", 32}} {
		for _, f := range []struct {
			name string
			basis.Form
		}{{"3", basis.Three}, {"2", basis.Two}} {
			change("pixels"+f.name+v.name, v.width, f.Pixels)
			change("result"+f.name+v.name, v.width, f.Result)
			change("weights"+f.name+v.name, v.width, f.Weights)
			change("spread"+f.name+v.name, v.width, basis.Turned(f.Result))
			change("gather"+f.name+v.name, v.width, basis.Turned(f.Weights))
		}
	}
	Generate()
}

// change writes dst = m src m transposed for n channels, a multiple of 8, in
// vectors of width bytes and a last one of 8 floats. A line of the result is made
// from memory: 16 inputs do not fit the registers of AVX2 with what is made of
// them, and reading them twice costs less than the stores.
func change(name string, width int, m [][]float32) {
	p, q := len(m), len(m[0])
	TEXT(name, NOSPLIT, "func(dst **float32, dstep int, src **float32, sstep, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is a change from %d x %d places to %d x %d, see change.", name, q, q, p, p))
	to, dsteps := lines("dst", "dstep", p)
	from, ssteps := lines("src", "sstep", q)
	n := Load(Param("n"), GP64())
	var half reg.VecVirtual
	if halves(m) {
		half = YMM()
		bits := GP32()
		MOVL(U32(math.Float32bits(.5)), bits)
		VMOVD(bits, half.AsX())
		VBROADCASTSS(half.AsX(), half)
		if width == 64 {
			wide := ZMM()
			VBROADCASTSS(half.AsX(), wide)
			half = wide
		}
	}
	body := func(width int) {
		h := half
		if h != nil && width == 32 {
			h = h.AsY().(reg.VecVirtual)
		}
		for i := range p {
			across := make([]Op, q)
			for j := range q {
				var column []Op
				for k := range q {
					column = append(column, place(from[k], ssteps, j))
				}
				across[j] = combine(width, m[i], column, h)
			}
			for l := range p {
				VMOVUPS(load(width, combine(width, m[l], across, h)), place(to[i], dsteps, l))
			}
		}
		for _, r := range append(to, from...) {
			ADDQ(Imm(uint64(width)), r)
		}
		SUBQ(Imm(uint64(width/4)), n)
	}
	if width == 64 {
		Label(name + "_long")
		CMPQ(n, Imm(16))
		JL(LabelRef(name + "_short"))
		body(64)
		JMP(LabelRef(name + "_long"))
	}
	Label(name + "_short")
	TESTQ(n, n)
	JZ(LabelRef(name + "_done"))
	body(32)
	JMP(LabelRef(name + "_short"))
	Label(name + "_done")
	VZEROUPPER()
	RET()
}

// lines loads the pointers to count lines of places, and once and three times the
// step from one place to the next, in bytes.
func lines(table, step string, count int) (rows []Op, steps [2]reg.GPVirtual) {
	t := Load(Param(table), GP64())
	for i := range count {
		r := GP64()
		MOVQ(Mem{Base: t, Disp: 8 * i}, r)
		rows = append(rows, r)
	}
	one := Load(Param(step), GP64()).(reg.GPVirtual)
	SHLQ(Imm(2), one)
	steps[0] = one
	if count > 3 {
		steps[1] = GP64()
		LEAQ(Mem{Base: one, Index: one, Scale: 2}, steps[1])
	}
	return rows, steps
}

// place is where place j of a line lies.
func place(row Op, steps [2]reg.GPVirtual, j int) Mem {
	m := Mem{Base: row.(reg.Register)}
	switch j {
	case 1, 2:
		m.Index, m.Scale = steps[0], uint8(j)
	case 3:
		m.Index, m.Scale = steps[1], 1
	}
	return m
}

func halves(m [][]float32) bool {
	for _, line := range m {
		for _, v := range line {
			if v == .5 || v == -.5 {
				return true
			}
		}
	}
	return false
}

// combine returns the sum of factors times values, which are 1, a half or 0 but
// for their sign: the sum of those with a half is halved.
func combine(width int, factors []float32, values []Op, half reg.VecVirtual) Op {
	whole, _ := total(width, 1, factors, values)
	part, fresh := total(width, .5, factors, values)
	if part == nil {
		return whole
	}
	if !fresh {
		part = load(width, part)
	}
	halved := vector(width)
	VMULPS(half, part.(reg.VecVirtual), halved)
	if whole != nil {
		VADDPS(whole, halved, halved)
	}
	return halved
}

// total returns the sum of the values whose factor is of that size, in a register
// of its own where fresh; a value itself where there is one alone, nil for none.
func total(width int, size float32, factors []float32, values []Op) (sum Op, fresh bool) {
	for _, sign := range []float32{1, -1} {
		for i, v := range values {
			if factors[i] != sign*size {
				continue
			}
			switch {
			case sum == nil && sign < 0:
				panic("a sum that begins with a difference")
			case sum == nil:
				sum = v
				continue
			}
			a, to := load(width, sum), vector(width)
			if sign > 0 {
				VADDPS(v, a, to)
			} else {
				VSUBPS(v, a, to)
			}
			sum, fresh = to, true
		}
	}
	return sum, fresh
}

// load returns v in a register.
func load(width int, v Op) reg.VecVirtual {
	if r, ok := v.(reg.VecVirtual); ok {
		return r
	}
	r := vector(width)
	VMOVUPS(v, r)
	return r
}

// vector returns a register of width bytes.
func vector(width int) reg.VecVirtual {
	if width == 64 {
		return ZMM()
	}
	return YMM()
}
