// Command avogen writes the amd64 assembly of shared/device/cpu/kernel:
//
//	go run ./tools/avogen -pkg kernel -out shared/device/cpu/kernel/tile_amd64.s -stubs shared/device/cpu/kernel/tile_amd64.go
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	tile("tileAVX512", 12, func() reg.VecVirtual { return ZMM() }, 64)
	tile("tileAVX2", 6, func() reg.VecVirtual { return YMM() }, 32)
	Generate()
}

// tile writes a kernel of rows x two vectors: all sums stay in registers, each
// element of a is broadcast from memory.
func tile(name string, rows int, vector func() reg.VecVirtual, width int) {
	TEXT(name, NOSPLIT, "func(k int, a, b, c *float32, stride int)")
	Pragma("noescape")
	Doc(name+" is", "\tfor p := range k { for i := range MR { for j := range NR { c[i*stride+j] += a[p*MR+i] * b[p*NR+j] } } }")
	k, a, b := Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	c, stride := Load(Param("c"), GP64()), Load(Param("stride"), GP64())
	sums := make([]reg.VecVirtual, 2*rows)
	for i := range sums {
		sums[i] = vector()
		VXORPS(sums[i], sums[i], sums[i])
	}
	left, right := vector(), vector()
	Label(name + "_loop")
	TESTQ(k, k)
	JZ(LabelRef(name + "_done"))
	VMOVUPS(Mem{Base: b}, left)
	VMOVUPS(Mem{Base: b, Disp: width}, right)
	for i := range rows {
		if width == 64 {
			VFMADD231PS_BCST(Mem{Base: a, Disp: 4 * i}, left, sums[2*i])
			VFMADD231PS_BCST(Mem{Base: a, Disp: 4 * i}, right, sums[2*i+1])
			continue
		}
		x := vector()
		VBROADCASTSS(Mem{Base: a, Disp: 4 * i}, x)
		VFMADD231PS(x, left, sums[2*i])
		VFMADD231PS(x, right, sums[2*i+1])
	}
	ADDQ(U32(4*rows), a)
	ADDQ(U32(2*width), b)
	DECQ(k)
	JMP(LabelRef(name + "_loop"))
	Label(name + "_done")
	SHLQ(Imm(2), stride)
	for i := range rows {
		VADDPS(Mem{Base: c}, sums[2*i], sums[2*i])
		VADDPS(Mem{Base: c, Disp: width}, sums[2*i+1], sums[2*i+1])
		VMOVUPS(sums[2*i], Mem{Base: c})
		VMOVUPS(sums[2*i+1], Mem{Base: c, Disp: width})
		if i < rows-1 {
			ADDQ(stride, c)
		}
	}
	VZEROUPPER()
	RET()
}
