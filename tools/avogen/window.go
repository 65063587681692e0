package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// windows writes what depthwise convolutions and poolings need, for vectors of
// width bytes.
func windows(variant string, width int) {
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			depthwise(fmt.Sprintf("depthwise%dS%d%s", k, stride, variant), width, k, stride)
		}
	}
	corner("corner"+variant, width)
	pool("pool"+variant, width)
}

// columns makes addresses of pixels that lie side by side: pixel floats apart.
type columns struct{ one, three, five, seven, nine reg.Register }

func newColumns(pixel reg.Register, most int) columns {
	c := columns{one: pixel}
	if most >= 3 {
		c.three = GP64()
		LEAQ(Mem{Base: pixel, Index: pixel, Scale: 2}, c.three)
	}
	if most >= 5 {
		c.five = GP64()
		LEAQ(Mem{Base: pixel, Index: pixel, Scale: 4}, c.five)
	}
	if most >= 7 {
		c.seven = GP64()
		LEAQ(Mem{Base: c.three, Index: pixel, Scale: 4}, c.seven)
	}
	if most >= 9 {
		c.nine = GP64()
		LEAQ(Mem{Base: pixel, Index: pixel, Scale: 8}, c.nine)
	}
	return c
}

func (c columns) at(base reg.Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 1, 2, 4, 8:
		return Mem{Base: base, Index: c.one, Scale: uint8(i)}
	case 3, 6:
		return Mem{Base: base, Index: c.three, Scale: uint8(i / 3)}
	case 5, 10:
		return Mem{Base: base, Index: c.five, Scale: uint8(i / 5)}
	case 7:
		return Mem{Base: base, Index: c.seven, Scale: 1}
	case 9:
		return Mem{Base: base, Index: c.nine, Scale: 1}
	}
	panic("no address of that column")
}

// depthwise writes a kernel for k x k taps. Where the registers hold the taps, they
// stay there for a whole row; else each comes from memory for every group of pixels.
// Neighbouring pixels share what they read of x.
func depthwise(name string, width, k, stride int) {
	const pixels = 4 // of a group: enough sums to hide a multiply-add's latency
	registers := 16
	if width == 64 {
		registers = 32
	}
	held := k*k+pixels+2 <= registers
	TEXT(name, NOSPLIT, "func(n int, rows **float32, w, bias, y *float32, c, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is depthwiseRow for %d x %d taps, stride %d and %d channels a block.", name, k, k, stride, width/4))
	rows, n := Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	c := Load(Param("c"), GP64())
	SHLQ(Imm(2), c)
	side := newColumns(c, (pixels-1)*stride+k-1)
	block, from, left, x, y, tap := GP64(), GP64(), GP64(), GP64(), GP64(), GP64()
	XORQ(block, block)
	Label(name + "_block")
	Load(Param("bias"), y)
	bias := vector(width)
	VMOVUPS(Mem{Base: y, Index: block, Scale: 1}, bias)
	weights := make([]reg.VecVirtual, k*k)
	firstTap := func() {
		Load(Param("w"), tap)
		ADDQ(block, tap)
	}
	if held {
		firstTap()
		for i := range weights {
			weights[i] = vector(width)
			VMOVUPS(Mem{Base: tap}, weights[i])
			if i < k*k-1 {
				ADDQ(c, tap)
			}
		}
	}
	Load(Param("y"), y)
	ADDQ(block, y)
	MOVQ(block, from)
	MOVQ(n, left)
	group := func(pixels int) {
		sums := make([]reg.VecVirtual, pixels)
		for p := range sums {
			sums[p] = vector(width)
			VMOVAPS(bias, sums[p])
		}
		if !held {
			firstTap()
		}
		for a := range k {
			MOVQ(Mem{Base: rows, Disp: 8 * a}, x)
			ADDQ(from, x)
			switch {
			case !held:
				for b := range k {
					w := vector(width)
					VMOVUPS(Mem{Base: tap}, w)
					ADDQ(c, tap)
					for p := range sums {
						VFMADD231PS(side.at(x, p*stride+b), w, sums[p])
					}
				}
			case pixels == 1:
				for b := range k {
					VFMADD231PS(side.at(x, b), weights[a*k+b], sums[0])
				}
			default:
				for q := range (pixels-1)*stride + k {
					v := vector(width)
					VMOVUPS(side.at(x, q), v)
					for p := range sums {
						if b := q - p*stride; b >= 0 && b < k {
							VFMADD231PS(v, weights[a*k+b], sums[p])
						}
					}
				}
			}
		}
		for p, s := range sums {
			VMOVUPS(s, side.at(y, p))
		}
		LEAQ(Mem{Base: y, Index: c, Scale: uint8(pixels)}, y)
		LEAQ(Mem{Base: from, Index: c, Scale: uint8(pixels * stride)}, from)
		SUBQ(Imm(uint64(pixels)), left)
	}
	Label(name + "_group")
	CMPQ(left, Imm(pixels))
	JL(LabelRef(name + "_pixel"))
	group(pixels)
	JMP(LabelRef(name + "_group"))
	Label(name + "_pixel")
	TESTQ(left, left)
	JZ(LabelRef(name + "_next"))
	group(1)
	JMP(LabelRef(name + "_pixel"))
	Label(name + "_next")
	ADDQ(Imm(uint64(width)), block)
	Load(Param("blocks"), left)
	DECQ(left)
	blocks, err := Param("blocks").Resolve()
	if err != nil {
		panic(err)
	}
	MOVQ(left, blocks.Addr)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}

// corner writes the kernel of one pixel for any part of a window.
func corner(name string, width int) {
	TEXT(name, NOSPLIT, "func(high, wide int, x, w, bias, y *float32, xpitch, wpitch, c, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is depthwiseCorner for %d channels a block.", name, width/4))
	x, w, xpitch, wpitch := Load(Param("x"), GP64()), Load(Param("w"), GP64()), Load(Param("xpitch"), GP64()), Load(Param("wpitch"), GP64())
	bias, y := Load(Param("bias"), GP64()), Load(Param("y"), GP64())
	c, blocks := Load(Param("c"), GP64()), Load(Param("blocks"), GP64())
	for _, step := range []reg.Register{xpitch, wpitch, c} {
		SHLQ(Imm(2), step)
	}
	xa, wa, at, high, wide := GP64(), GP64(), GP64(), GP64(), GP64()
	Label(name + "_block")
	sum := vector(width)
	VMOVUPS(Mem{Base: bias}, sum)
	MOVQ(x, xa)
	MOVQ(w, wa)
	Load(Param("high"), high)
	Label(name + "_row")
	XORQ(at, at)
	Load(Param("wide"), wide)
	Label(name + "_tap")
	v := vector(width)
	VMOVUPS(Mem{Base: wa, Index: at, Scale: 1}, v)
	VFMADD231PS(Mem{Base: xa, Index: at, Scale: 1}, v, sum)
	ADDQ(c, at)
	DECQ(wide)
	JNZ(LabelRef(name + "_tap"))
	ADDQ(xpitch, xa)
	ADDQ(wpitch, wa)
	DECQ(high)
	JNZ(LabelRef(name + "_row"))
	VMOVUPS(sum, Mem{Base: y})
	for _, p := range []reg.Register{x, w, bias, y} {
		ADDQ(Imm(uint64(width)), p)
	}
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}

// pool writes the kernel of windows of 2 x 2.
func pool(name string, width int) {
	TEXT(name, NOSPLIT, "func(n int, a, b, y *float32, step, c, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is poolRow for %d channels a block.", name, width/4))
	n, blocks := Load(Param("n"), GP64()), Load(Param("blocks"), GP64())
	a, b, y := Load(Param("a"), GP64()), Load(Param("b"), GP64()), Load(Param("y"), GP64())
	step, c := Load(Param("step"), GP64()), Load(Param("c"), GP64())
	SHLQ(Imm(2), step)
	SHLQ(Imm(2), c)
	from, to, left := GP64(), GP64(), GP64()
	Label(name + "_block")
	XORQ(from, from)
	MOVQ(y, to)
	MOVQ(n, left)
	Label(name + "_pixel")
	v, next := vector(width), GP64()
	LEAQ(Mem{Base: from, Index: c, Scale: 1}, next)
	VMOVUPS(Mem{Base: a, Index: from, Scale: 1}, v)
	VMAXPS(Mem{Base: a, Index: next, Scale: 1}, v, v)
	VMAXPS(Mem{Base: b, Index: from, Scale: 1}, v, v)
	VMAXPS(Mem{Base: b, Index: next, Scale: 1}, v, v)
	VMOVUPS(v, Mem{Base: to})
	ADDQ(step, from)
	ADDQ(c, to)
	DECQ(left)
	JNZ(LabelRef(name + "_pixel"))
	for _, p := range []reg.Register{a, b, y} {
		ADDQ(Imm(uint64(width)), p)
	}
	DECQ(blocks)
	JNZ(LabelRef(name + "_block"))
	VZEROUPPER()
	RET()
}
