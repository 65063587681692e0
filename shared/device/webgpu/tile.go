package webgpu

import (
	"fmt"
	"strings"
)

// tile is how a workgroup shares the work of a product: it computes rows x
// columns results, each invocation deep x wide of them, from pieces of A and B
// that it copies to shared memory, tileDepth of the sum at a time.
type tile struct{ rows, columns, high, wide int }

// tileDepth is the depth of a piece: with 128 x 128 results two pieces take
// the 16 KiB that every adapter has.
const tileDepth = 16

func (t tile) String() string { return fmt.Sprintf("%dx%d", t.rows, t.columns) }

func (t tile) invocations() int { return t.rows / t.high * t.columns / t.wide }

// tiles from the largest to the smallest. A large one reads less memory for a
// product and computes more that nobody wants at the edges.
var tiles = []tile{{128, 128, 8, 8}, {64, 64, 4, 4}, {128, 32, 4, 4}, {64, 32, 4, 4}, {256, 16, 4, 4}, {32, 32, 4, 4}, {64, 16, 4, 4}}

// tile chooses the tile that costs the least: results computed, with those of
// small tiles a little dearer for their memory, in enough workgroups where the
// product has that many.
func (p *product) tile(c choice) tile {
	if c.tile != (tile{}) {
		return c.tile
	}
	best, least := tiles[0], 0.
	for i, t := range tiles {
		groups := ceil(p.rows, t.rows) * ceil(p.columns, t.columns) * p.phases
		cost := float64(groups*t.rows*t.columns) * (1 + 8/float64(t.rows) + 8/float64(t.columns))
		if groups < fewTiles {
			cost *= 1 + float64(fewTiles-groups)/fewTiles*float64(t.rows*t.columns)/(64*64)
		}
		if i == 0 || cost < least {
			best, least = t, cost
		}
	}
	return best
}

// text generates the loop. All that the loop over k0 touches is unrolled but
// the loop over the depth of a piece, which compilers unroll where it pays.
func (t tile) text(p *product) string {
	n := t.invocations()
	across := t.columns / t.wide // invocations side by side
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("var<workgroup> pieceA: array<vec4<f32>, %d>;", tileDepth*t.rows/4)
	line("var<workgroup> pieceB: array<vec4<f32>, %d>;", tileDepth*t.columns/4)
	if !p.wideA {
		line("fn readA(ph: Phase, r: Row, k: Column) -> f32 {\n\tlet i = index_a(ph, r, k);\n\treturn select(0.0, a[max(i, 0)], i >= 0);\n}")
	}
	if !p.wideB {
		line("fn readB(ph: Phase, k0: u32, k: u32, n: u32) -> f32 {\n\tlet inside = (k0 + k < ph.end) & (n < c.columns);\n\treturn select(0.0, b[select(0u, index_b(ph, k0, k, n), inside)], inside);\n}")
	}
	line("@compute @workgroup_size(%d)", n)
	line("fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {")
	line("\tlet ph = phase(group.z);")
	line("\tlet m0 = group.x * %du;\n\tlet n0 = group.y * %du;", t.rows, t.columns)
	// Which four elements of a piece each invocation copies.
	share := func(name string, extent int, deep bool) int {
		turns := max(tileDepth*extent/4/n, 1)
		for i := range turns {
			line("\tlet %se%d = lane + %du;", name, i, i*n)
			if deep {
				line("\tlet %sk%d = %se%d %% %du;\n\tlet %sg%d = %se%d / %du;", name, i, name, i, tileDepth, name, i, name, i, tileDepth)
			} else {
				line("\tlet %sk%d = %se%d / %du;\n\tlet %sg%d = %se%d %% %du;", name, i, name, i, extent/4, name, i, name, i, extent/4)
			}
		}
		return turns
	}
	turnsA, turnsB := share("a", t.rows, p.deepA), share("b", t.columns, p.deepB)
	perRow := 4
	if p.wideA {
		perRow = 1
	}
	for i := range turnsA {
		for j := range perRow {
			line("\tlet r%d_%d = row(ph, m0 + ag%d * 4u + %du);", i, j, i, j)
		}
	}
	for i := range t.high {
		for j := range t.wide / 4 {
			line("\tvar s%d_%d = vec4<f32>();", i, j)
		}
	}
	line("\tlet ty = lane / %du;\n\tlet tx = lane %% %du;", across, across)
	line("\tfor (var k0 = ph.begin; k0 < ph.end; k0 += %du) {", tileDepth)
	guard := func(elements, i int) (open, close string) {
		if elements/4 < n {
			return fmt.Sprintf("if (lane < %du) ", elements/4), ""
		}
		return "", ""
	}
	for i := range turnsA {
		open, _ := guard(tileDepth*t.rows, i)
		line("\t\t%s{", open)
		line("\t\t\tlet k = column(ph, k0, ak%d);", i)
		at := fmt.Sprintf("ak%d * %du + ag%d", i, t.rows/4, i)
		if p.wideA {
			line("\t\t\tlet i = index_a(ph, r%d_0, k);\n\t\t\tpieceA[%s] = select(vec4<f32>(), a[max(i, 0) / 4], i >= 0);", i, at)
		} else {
			line("\t\t\tpieceA[%s] = vec4<f32>(readA(ph, r%d_0, k), readA(ph, r%d_1, k), readA(ph, r%d_2, k), readA(ph, r%d_3, k));", at, i, i, i, i)
		}
		line("\t\t}")
	}
	for i := range turnsB {
		open, _ := guard(tileDepth*t.columns, i)
		line("\t\t%s{", open)
		line("\t\t\tlet k = bk%d;\n\t\t\tlet n = n0 + bg%d * 4u;", i, i)
		at := fmt.Sprintf("bk%d * %du + bg%d", i, t.columns/4, i)
		if p.wideB {
			read := "b[select(0u, index_b(ph, k0, k, n) / 4u, inside)]"
			if p.halfB {
				read = "vec4<f32>(unpack2x16float(" + read + ".x), unpack2x16float(" + read + ".y))"
			}
			line("\t\t\tlet inside = (k0 + k < ph.end) & (n < c.columns);\n\t\t\tpieceB[%s] = select(vec4<f32>(), %s, inside);", at, read)
		} else {
			line("\t\t\tpieceB[%s] = vec4<f32>(readB(ph, k0, k, n), readB(ph, k0, k, n + 1u), readB(ph, k0, k, n + 2u), readB(ph, k0, k, n + 3u));", at)
		}
		line("\t\t}")
	}
	line("\t\tworkgroupBarrier();")
	line("\t\tfor (var k = 0u; k < %du; k++) {", tileDepth)
	for j := range t.wide / 4 {
		line("\t\t\tlet b%d = pieceB[k * %du + tx * %du + %du];", j, t.columns/4, t.wide/4, j)
	}
	for i := range t.high / 4 {
		line("\t\t\tlet a%d = pieceA[k * %du + ty * %du + %du];", i, t.rows/4, t.high/4, i)
	}
	for i := range t.high {
		for j := range t.wide / 4 {
			line("\t\t\ts%d_%d += a%d.%c * b%d;", i, j, i/4, "xyzw"[i%4], j)
		}
	}
	line("\t\t}")
	line("\t\tworkgroupBarrier();")
	line("\t}")
	line("\tlet last = rows(ph);")
	for i := range t.high {
		line("\t{\n\t\tlet m = m0 + ty * %du + %du;\n\t\tif (m < last) {", t.high, i)
		for j := range t.wide {
			line("\t\t\tif (n0 + tx * %du + %du < c.columns) {\n\t\t\t\tfinish(index_out(ph, m, n0 + tx * %du + %du), s%d_%d.%c);\n\t\t\t}", t.wide, j, t.wide, j, i, j/4, "xyzw"[j%4])
		}
		line("\t\t}\n\t}")
	}
	line("}")
	return b.String()
}
