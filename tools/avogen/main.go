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
	zmm, ymm := func() reg.VecVirtual { return ZMM() }, func() reg.VecVirtual { return YMM() }
	tile("tileAVX512", 8, 2, zmm, 64)
	tile("tileAVX512Narrow", 8, 1, zmm, 64)
	tile("tileAVX2", 6, 2, ymm, 32)
	tile("tileAVX2Narrow", 6, 1, ymm, 32)
	Generate()
}

// tile writes a kernel of rows x vectors: all sums stay in registers, and each
// element of a is broadcast from where it lies.
func tile(name string, rows, vectors int, vector func() reg.VecVirtual, width int) {
	TEXT(name, NOSPLIT, "func(k int, terms *int32, rows **float32, b *float32, stride int, outs **float32, add int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes a tile of %d rows and %d columns, see variant.", name, rows, vectors*width/4))
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
		for range vectors {
			s := vector()
			VXORPS(s, s, s)
			sums[i] = append(sums[i], s)
		}
	}
	columns := make([]reg.VecVirtual, vectors)
	for j := range columns {
		columns[j] = vector()
	}
	at := GP64()
	Label(name + "_loop")
	MOVLQSX(Mem{Base: terms}, at)
	for j, v := range columns {
		VMOVUPS(Mem{Base: b, Disp: j * width}, v)
	}
	for i := range rows {
		x := vector()
		VBROADCASTSS(Mem{Base: from[i], Index: at, Scale: 4}, x)
		for j, v := range columns {
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
			VADDPS(Mem{Base: out, Disp: j * width}, s, s)
		}
	}
	Label(name + "_store")
	for i := range rows {
		MOVQ(Mem{Base: table, Disp: 8 * i}, out)
		for j, s := range sums[i] {
			VMOVUPS(s, Mem{Base: out, Disp: j * width})
		}
	}
	VZEROUPPER()
	RET()
}
