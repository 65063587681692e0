// Command avogen writes the amd64 assembly of shared/device/cpu/kernel:
//
//	go run ./tools/avogen -pkg kernel -out shared/device/cpu/kernel/tile_amd64.s -stubs shared/device/cpu/kernel/tile_amd64.go
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	tile("tileAVX512x8", 8, 32)
	tile("tileAVX512x16", 8, 64)
	tile("tileAVX512x24", 8, 64, 32)
	tile("tileAVX512x32", 8, 64, 64)
	tile("tileAVX2x8", 6, 32)
	tile("tileAVX2x16", 6, 32, 32)
	windows("AVX512", 64)
	windows("AVX2", 32)
	turn()
	peak("peakAVX512", 64)
	peak("peakAVX2", 32)
	Generate()
}

// vector returns a register of width bytes.
func vector(width int) reg.VecVirtual {
	if width == 64 {
		return ZMM()
	}
	return YMM()
}

// tile writes a kernel of rows times vectors of the given widths in bytes: all
// sums stay in registers, and each element of a is broadcast from where it lies.
func tile(name string, rows int, widths ...int) {
	columns := 0
	for _, w := range widths {
		columns += w / 4
	}
	TEXT(name, NOSPLIT, "func(k int, terms *int32, rows **float32, b *float32, stride int, outs **float32, add int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes a tile of %d rows and %d columns, see variant.", name, rows, columns))
	k, terms, b := Load(Param("k"), GP64()), Load(Param("terms"), GP64()), Load(Param("b"), GP64())
	table, stride := Load(Param("rows"), GP64()), Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	from := make([]reg.GPVirtual, rows)
	for i := range rows {
		from[i] = GP64()
		MOVQ(Mem{Base: table, Disp: 8 * i}, from[i])
	}
	sums := make([][]reg.VecVirtual, rows)
	for i := range sums {
		for _, w := range widths {
			s := vector(w)
			VXORPS(s, s, s)
			sums[i] = append(sums[i], s)
		}
	}
	disp := make([]int, len(widths))
	row := make([]reg.VecVirtual, len(widths)) // of b
	for j, w := range widths {
		row[j] = vector(w)
		if j > 0 {
			disp[j] = disp[j-1] + widths[j-1]
		}
	}
	at := GP64()
	Label(name + "_loop")
	MOVLQSX(Mem{Base: terms}, at)
	for j, v := range row {
		VMOVUPS(Mem{Base: b, Disp: disp[j]}, v)
	}
	for i := range rows {
		x := vector(widths[0])
		VBROADCASTSS(Mem{Base: from[i], Index: at, Scale: 4}, x)
		for j, v := range row {
			if widths[j] < widths[0] {
				VFMADD231PS(x.(interface{ AsY() reg.Register }).AsY(), v, sums[i][j])
				continue
			}
			VFMADD231PS(x, v, sums[i][j])
		}
	}
	ADDQ(Imm(4), terms)
	ADDQ(stride, b)
	DECQ(k)
	JNZ(LabelRef(name + "_loop"))

	table = Load(Param("outs"), GP64())
	add, out := Load(Param("add"), GP64()), GP64()
	TESTQ(add, add)
	JZ(LabelRef(name + "_store"))
	for i := range rows {
		MOVQ(Mem{Base: table, Disp: 8 * i}, out)
		for j, s := range sums[i] {
			VADDPS(Mem{Base: out, Disp: disp[j]}, s, s)
		}
	}
	Label(name + "_store")
	for i := range rows {
		MOVQ(Mem{Base: table, Disp: 8 * i}, out)
		for j, s := range sums[i] {
			VMOVUPS(s, Mem{Base: out, Disp: disp[j]})
		}
	}
	VZEROUPPER()
	RET()
}

// turn writes the transposition of 8 lines, 8 columns at a time.
func turn() {
	TEXT("turnAVX2", NOSPLIT, "func(dst *float32, dstep int, src *float32, sstep, n int)")
	Pragma("noescape")
	Doc("turnAVX2 turns n columns of 8 lines, see turn.")
	to, from := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	dstep, sstep := Load(Param("dstep"), GP64()), Load(Param("sstep"), GP64())
	n := Load(Param("n"), GP64())
	// Lines 0 to 2 and 4 to 6 are a base and one or two steps on, 3 and 7 three.
	lines := func(first, step reg.Register) (at [8]Mem, bases []reg.Register) {
		SHLQ(Imm(2), step)
		three, fourth := GP64(), GP64()
		LEAQ(Mem{Base: step, Index: step, Scale: 2}, three)
		LEAQ(Mem{Base: first, Index: step, Scale: 4}, fourth)
		for i, base := range []reg.Register{first, fourth} {
			at[4*i] = Mem{Base: base}
			at[4*i+1] = Mem{Base: base, Index: step, Scale: 1}
			at[4*i+2] = Mem{Base: base, Index: step, Scale: 2}
			at[4*i+3] = Mem{Base: base, Index: three, Scale: 1}
		}
		return at, []reg.Register{first, fourth}
	}
	src, reads := lines(from, sstep)
	dst, writes := lines(to, dstep)
	eight := GP64()
	MOVQ(dstep, eight)
	SHLQ(Imm(3), eight)
	Label("turn_loop")
	var x, pairs, fours [8]reg.VecVirtual
	for i := range x {
		x[i] = YMM()
		VMOVUPS(src[i], x[i])
	}
	for i := 0; i < 8; i += 2 { // in each half: columns 0 and 1, 2 and 3
		pairs[i], pairs[i+1] = YMM(), YMM()
		VUNPCKLPS(x[i+1], x[i], pairs[i])
		VUNPCKHPS(x[i+1], x[i], pairs[i+1])
	}
	for i := 0; i < 8; i += 4 { // a column of four lines each
		for j := range 2 {
			lo, hi := YMM(), YMM()
			VSHUFPS(Imm(0x44), pairs[i+2+j], pairs[i+j], lo)
			VSHUFPS(Imm(0xee), pairs[i+2+j], pairs[i+j], hi)
			fours[i+2*j], fours[i+2*j+1] = lo, hi
		}
	}
	for i := range 4 {
		lo, hi := YMM(), YMM()
		VPERM2F128(Imm(0x20), fours[4+i], fours[i], lo)
		VPERM2F128(Imm(0x31), fours[4+i], fours[i], hi)
		VMOVUPS(lo, dst[i])
		VMOVUPS(hi, dst[4+i])
	}
	for _, r := range reads {
		ADDQ(Imm(32), r)
	}
	for _, r := range writes {
		ADDQ(eight, r)
	}
	SUBQ(Imm(8), n)
	JNZ(LabelRef("turn_loop"))
	VZEROUPPER()
	RET()
}

// peak writes n rounds of multiply-adds between registers alone: what no kernel
// can be faster than. Each round has twelve that wait for nothing but their own
// last round, more than any processor has under way.
func peak(name string, width int) {
	const chains = 12
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s does n times %d multiply-adds of %d floats.", name, chains, width/4))
	n := Load(Param("n"), GP64())
	x := vector(width)
	VXORPS(x, x, x)
	sums := make([]reg.VecVirtual, chains)
	for i := range sums {
		sums[i] = vector(width)
		VXORPS(sums[i], sums[i], sums[i])
	}
	Label(name + "_loop")
	for _, s := range sums {
		VFMADD231PS(x, x, s)
	}
	DECQ(n)
	JNZ(LabelRef(name + "_loop"))
	VZEROUPPER()
	RET()
}
