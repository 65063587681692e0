// Command avovector writes the amd64 assembly of shared/device/cpu/vector:
//
//	go run ./tools/avovector -pkg vector -out shared/device/cpu/vector/loop_amd64.s -stubs shared/device/cpu/vector/loop_amd64.go
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A vector is 8 floats; the long loop takes 4 of them at a time.
const (
	width  = 32
	unroll = 4
)

type op func(a, b, to reg.VecVirtual)

func main() {
	ConstraintExpr("amd64")
	add := func(a, b, to reg.VecVirtual) { VADDPS(b, a, to) }
	sub := func(a, b, to reg.VecVirtual) { VSUBPS(b, a, to) }
	mul := func(a, b, to reg.VecVirtual) { VMULPS(b, a, to) }
	div := func(a, b, to reg.VecVirtual) { VDIVPS(b, a, to) }
	binary("addVV", "a[i] + b[i]", "a, b *float32", add)
	binary("addVS", "a[i] + b", "a *float32, b float32", add)
	binary("subVV", "a[i] - b[i]", "a, b *float32", sub)
	binary("subVS", "a[i] - b", "a *float32, b float32", sub)
	binary("subSV", "a - b[i]", "a float32, b *float32", sub)
	binary("mulVV", "a[i] * b[i]", "a, b *float32", mul)
	binary("mulVS", "a[i] * b", "a *float32, b float32", mul)
	binary("divVV", "a[i] / b[i]", "a, b *float32", div)
	binary("divVS", "a[i] / b", "a *float32, b float32", div)
	binary("maxVV", "max(a[i], b[i])", "a, b *float32", func(a, b, to reg.VecVirtual) { VMAXPS(b, a, to) })
	binary("divSV", "a / b[i]", "a float32, b *float32", div)
	affine()
	axpy()
	mix()
	gate()
	prelu()
	adam()
	Generate()
}

// loop writes a loop over n floats, a multiple of 8 of them; body gets the
// displacement of one vector.
func loop(name string, n reg.GPVirtual, pointers []reg.GPVirtual, body func(disp int)) {
	step := func(vectors int) {
		for u := range vectors {
			body(u * width)
		}
		for _, p := range pointers {
			ADDQ(Imm(uint64(vectors*width)), p)
		}
		SUBQ(Imm(uint64(vectors*width/4)), n)
	}
	Label(name + "_long")
	CMPQ(n, Imm(unroll*width/4))
	JL(LabelRef(name + "_short"))
	step(unroll)
	JMP(LabelRef(name + "_long"))
	Label(name + "_short")
	TESTQ(n, n)
	JZ(LabelRef(name + "_done"))
	step(1)
	JMP(LabelRef(name + "_short"))
	Label(name + "_done")
	VZEROUPPER()
	RET()
}

// begin declares a function and says what it computes.
func begin(name, parameters, what string) {
	TEXT(name, NOSPLIT, "func("+parameters+", n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is %s for i < n, a multiple of 8.", name, what))
}

// spread loads a float32 parameter into all lanes.
func spread(name string) reg.VecVirtual {
	v := YMM()
	at, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(at.Addr, v)
	return v
}

func pointer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// binary writes y[i] = a op b; a parameter that is a float32 is the same for
// every i.
func binary(name, what, parameters string, f op) {
	begin(name, "y *float32, "+parameters, "y[i] = "+what)
	y := pointer("y")
	pointers := []reg.GPVirtual{y}
	operand := func(p string, single bool) func(disp int) reg.VecVirtual {
		if single {
			v := spread(p)
			return func(int) reg.VecVirtual { return v }
		}
		from := pointer(p)
		pointers = append(pointers, from)
		return func(disp int) reg.VecVirtual {
			v := YMM()
			VMOVUPS(Mem{Base: from, Disp: disp}, v)
			return v
		}
	}
	a := operand("a", name[3] == 'S')
	b := operand("b", name[4] == 'S')
	n := pointer("n")
	loop(name, n, pointers, func(disp int) {
		to := YMM()
		f(a(disp), b(disp), to)
		VMOVUPS(to, Mem{Base: y, Disp: disp})
	})
}

func affine() {
	begin("affineVV", "y, x *float32, a, b float32", "y[i] = a*x[i] + b")
	y, x, a, b := pointer("y"), pointer("x"), spread("a"), spread("b")
	n := pointer("n")
	loop("affineVV", n, []reg.GPVirtual{y, x}, func(disp int) {
		v := YMM()
		VMULPS(Mem{Base: x, Disp: disp}, a, v)
		VADDPS(b, v, v)
		VMOVUPS(v, Mem{Base: y, Disp: disp})
	})
}

func axpy() {
	begin("axpyVV", "y, x *float32, a float32", "y[i] += a*x[i]")
	y, x, a := pointer("y"), pointer("x"), spread("a")
	n := pointer("n")
	loop("axpyVV", n, []reg.GPVirtual{y, x}, func(disp int) {
		v := YMM()
		VMULPS(Mem{Base: x, Disp: disp}, a, v)
		VADDPS(Mem{Base: y, Disp: disp}, v, v)
		VMOVUPS(v, Mem{Base: y, Disp: disp})
	})
}

func mix() {
	begin("mixVV", "y, a, b *float32, s, t float32", "y[i] = s*a[i] + t*b[i]")
	y, a, b, s, t := pointer("y"), pointer("a"), pointer("b"), spread("s"), spread("t")
	n := pointer("n")
	loop("mixVV", n, []reg.GPVirtual{y, a, b}, func(disp int) {
		v, u := YMM(), YMM()
		VMULPS(Mem{Base: a, Disp: disp}, s, v)
		VMULPS(Mem{Base: b, Disp: disp}, t, u)
		VADDPS(u, v, v)
		VMOVUPS(v, Mem{Base: y, Disp: disp})
	})
}

func gate() {
	begin("gateVV", "y, x, given *float32, slope, one float32", "y[i] = given[i] * (one where x[i] > 0, else slope)")
	y, x, g, slope, one := pointer("y"), pointer("x"), pointer("given"), spread("slope"), spread("one")
	n := pointer("n")
	zero := YMM()
	VXORPS(zero, zero, zero)
	loop("gateVV", n, []reg.GPVirtual{y, x, g}, func(disp int) {
		v, mask := YMM(), YMM()
		VMOVUPS(Mem{Base: x, Disp: disp}, v)
		VCMPPS(Imm(0x1e), zero, v, mask) // greater, ordered, quiet
		VBLENDVPS(mask, one, slope, v)
		VMULPS(Mem{Base: g, Disp: disp}, v, v)
		VMOVUPS(v, Mem{Base: y, Disp: disp})
	})
}

func prelu() {
	begin("preluVV", "y, x, a *float32, one float32", "y[i] = x[i] * (one where x[i] > 0, else a[i])")
	y, x, a, one := pointer("y"), pointer("x"), pointer("a"), spread("one")
	n := pointer("n")
	zero := YMM()
	VXORPS(zero, zero, zero)
	loop("preluVV", n, []reg.GPVirtual{y, x, a}, func(disp int) {
		v, mask, factor := YMM(), YMM(), YMM()
		VMOVUPS(Mem{Base: x, Disp: disp}, v)
		VMOVUPS(Mem{Base: a, Disp: disp}, factor)
		VCMPPS(Imm(0x1e), zero, v, mask) // greater, ordered, quiet
		VBLENDVPS(mask, one, factor, factor)
		VMULPS(factor, v, v)
		VMOVUPS(v, Mem{Base: y, Disp: disp})
	})
}

func adam() {
	begin("adamVV", "p, m, v, grad *float32, beta1, rest1, beta2, rest2, scale1, scale2, rate, decay, eps float32",
		"one step of Adam: see Adam")
	p, m, v, g := pointer("p"), pointer("m"), pointer("v"), pointer("grad")
	beta1, rest1, beta2, rest2 := spread("beta1"), spread("rest1"), spread("beta2"), spread("rest2")
	scale1, scale2, rate, decay, eps := spread("scale1"), spread("scale2"), spread("rate"), spread("decay"), spread("eps")
	n := pointer("n")
	Label("adam_loop")
	d, a, b := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: g}, d)
	VMULPS(Mem{Base: m}, beta1, a)
	VMULPS(rest1, d, b)
	VADDPS(b, a, a)
	VMOVUPS(a, Mem{Base: m})
	VMULPS(rest2, d, b)
	VMULPS(d, b, b)
	VMULPS(Mem{Base: v}, beta2, d)
	VADDPS(b, d, b)
	VMOVUPS(b, Mem{Base: v})
	VMULPS(scale2, b, b)
	VSQRTPS(b, b)
	VADDPS(eps, b, b)
	VMULPS(scale1, a, a)
	VDIVPS(b, a, a)
	VMOVUPS(Mem{Base: p}, d)
	VMULPS(decay, d, b)
	VADDPS(b, a, a)
	VMULPS(rate, a, a)
	VSUBPS(a, d, d)
	VMOVUPS(d, Mem{Base: p})
	for _, q := range []reg.GPVirtual{p, m, v, g} {
		ADDQ(Imm(width), q)
	}
	SUBQ(Imm(width/4), n)
	JNZ(LabelRef("adam_loop"))
	VZEROUPPER()
	RET()
}
