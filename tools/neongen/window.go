package main

import "fmt"

// windows writes what depthwise convolutions and poolings need.
func (w *writer) windows() {
	for _, k := range []int{3, 5} {
		for _, stride := range []int{1, 2} {
			w.depthwise(fmt.Sprintf("depthwise%dS%dNEON", k, stride), k, stride)
		}
	}
	w.corner("cornerNEON")
	w.pool("poolNEON")
}

// begin writes a function's head and its declaration.
func (w *writer) begin(name, what, parameters string, arguments int) {
	fmt.Fprintf(&w.stubs, "\n// %s is %s for 4 channels a block.\n//\n//go:noescape\nfunc %s(%s)\n", name, what, name, parameters)
	fmt.Fprintf(&w.asm, "\n// func %s(%s)\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, parameters, name, arguments)
}

// depthwise writes a kernel for k x k taps, which stay in registers, V0 on, for a
// whole row. Registers: R0 pixels left, R1 the rows' table, R2 bytes of a pixel, R3
// those of a group of pixels in x, R4 of the block, R5 of x so far, R6 on y, R7 blocks
// left, R8 on x, R9 on a tap.
func (w *writer) depthwise(name string, k, stride int) {
	const pixels = 4
	bias, v, sum := k*k, k*k+1, k*k+2
	w.begin(name, fmt.Sprintf("depthwiseRow for %d x %d taps, stride %d,", k, k, stride), "n int, rows **float32, w, bias, y *float32, c, blocks int", 56)
	w.op("MOVD rows+8(FP), R1")
	w.op("MOVD c+40(FP), R2")
	w.op("LSL  $2, R2, R2")
	w.op("MOVD blocks+48(FP), R7")
	w.op("MOVD $0, R4")
	w.label("block")
	w.op("MOVD bias+24(FP), R9")
	w.op("ADD  R4, R9")
	w.op("VLD1 (R9), %s", list(bias, 1))
	w.op("MOVD w+16(FP), R9")
	w.op("ADD  R4, R9")
	for i := range k * k {
		w.op("VLD1 (R9), %s", list(i, 1))
		w.op("ADD  R2, R9")
	}
	w.op("MOVD y+32(FP), R6")
	w.op("ADD  R4, R6")
	w.op("MOVD R4, R5")
	w.op("MOVD n+0(FP), R0")
	group := func(pixels int) {
		for p := range pixels {
			w.op("VORR V%d.B16, V%d.B16, V%d.B16", bias, bias, sum+p)
		}
		for a := range k {
			w.op("MOVD %d(R1), R8", 8*a)
			w.op("ADD  R5, R8")
			for q := range (pixels-1)*stride + k {
				w.op("VLD1 (R8), %s", list(v, 1))
				w.op("ADD  R2, R8")
				for p := range pixels {
					if b := q - p*stride; b >= 0 && b < k {
						w.op("VFMLA V%d.S4, V%d.S4, V%d.S4", a*k+b, v, sum+p)
					}
				}
			}
		}
		for p := range pixels {
			w.op("VST1 %s, (R6)", list(sum+p, 1))
			w.op("ADD  R2, R6")
		}
		w.op("MOVD $%d, R3", pixels*stride)
		w.op("MADD R2, R5, R3, R5")
		w.op("SUB  $%d, R0", pixels)
	}
	w.label("group")
	w.op("CMP  $%d, R0", pixels)
	w.op("BLT  pixel")
	group(pixels)
	w.op("B    group")
	w.label("pixel")
	w.op("CBZ  R0, next")
	group(1)
	w.op("B    pixel")
	w.label("next")
	w.op("ADD  $16, R4")
	w.op("SUBS $1, R7, R7")
	w.op("BNE  block")
	w.op("RET")
}

// corner writes the kernel of one pixel for any part of a window.
func (w *writer) corner(name string) {
	w.begin(name, "depthwiseCorner", "high, wide int, x, w, bias, y *float32, xpitch, wpitch, c, blocks int", 80)
	for i, p := range []string{"x+16", "w+24", "bias+32", "y+40", "xpitch+48", "wpitch+56", "c+64", "blocks+72"} {
		w.op("MOVD %s(FP), R%d", p, i)
	}
	for r := 4; r <= 6; r++ {
		w.op("LSL  $2, R%d, R%d", r, r)
	}
	w.label("block")
	w.op("VLD1.P 16(R2), %s", list(0, 1))
	w.op("MOVD R0, R8")
	w.op("MOVD R1, R9")
	w.op("MOVD high+0(FP), R10")
	w.label("row")
	w.op("MOVD R8, R12")
	w.op("MOVD R9, R13")
	w.op("MOVD wide+8(FP), R11")
	w.label("tap")
	w.op("VLD1 (R12), %s", list(1, 1))
	w.op("VLD1 (R13), %s", list(2, 1))
	w.op("VFMLA V1.S4, V2.S4, V0.S4")
	w.op("ADD  R6, R12")
	w.op("ADD  R6, R13")
	w.op("SUBS $1, R11, R11")
	w.op("BNE  tap")
	w.op("ADD  R4, R8")
	w.op("ADD  R5, R9")
	w.op("SUBS $1, R10, R10")
	w.op("BNE  row")
	w.op("VST1.P %s, 16(R3)", list(0, 1))
	w.op("ADD  $16, R0")
	w.op("ADD  $16, R1")
	w.op("SUBS $1, R7, R7")
	w.op("BNE  block")
	w.op("RET")
}

// pool writes the kernel of windows of 2 x 2.
func (w *writer) pool(name string) {
	w.begin(name, "poolRow", "n int, a, b, y *float32, step, c, blocks int", 56)
	for i, p := range []string{"n+0", "a+8", "b+16", "y+24", "step+32", "c+40", "blocks+48"} {
		w.op("MOVD %s(FP), R%d", p, i)
	}
	w.op("LSL  $2, R4, R4")
	w.op("LSL  $2, R5, R5")
	// The assembler has no FMAX of vectors: V0 = max(V0, Vm).
	largest := func(m int) { w.op("WORD $%#x // FMAX V%d.S4, V0.S4, V0.S4", 0x4e20f400|m<<16, m) }
	w.label("block")
	w.op("MOVD R1, R8")
	w.op("MOVD R2, R9")
	w.op("MOVD R3, R10")
	w.op("MOVD R0, R11")
	w.label("pixel")
	w.op("ADD  R5, R8, R12")
	w.op("ADD  R5, R9, R13")
	for i, r := range []int{8, 12, 9, 13} {
		w.op("VLD1 (R%d), %s", r, list(i, 1))
	}
	for m := 1; m < 4; m++ {
		largest(m)
	}
	w.op("VST1 %s, (R10)", list(0, 1))
	w.op("ADD  R4, R8")
	w.op("ADD  R4, R9")
	w.op("ADD  R5, R10")
	w.op("SUBS $1, R11, R11")
	w.op("BNE  pixel")
	for r := 1; r <= 3; r++ {
		w.op("ADD  $16, R%d", r)
	}
	w.op("SUBS $1, R6, R6")
	w.op("BNE  block")
	w.op("RET")
}
