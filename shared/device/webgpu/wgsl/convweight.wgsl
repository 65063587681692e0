// ConvWeight as a product: row m = (a*KW + b)*C + c is a weight's place,
// column n a channel of the result, and the sum runs over output pixels k. The
// sum is long and the result small, so that it is cut in parts (split), which
// a second kernel adds up.

struct Phase { begin: u32, end: u32, base: u32 }
struct Row { y: i32, x: i32, at: i32 }
struct Column { y: i32, x: i32, at: i32 }

fn phase(z: u32) -> Phase {
	return Phase(z * c.split, min(z * c.split + c.split, c.depth), z * c.rows * c.columns);
}

fn rows(ph: Phase) -> u32 {
	return c.rows;
}

fn row(ph: Phase, m: u32) -> Row {
	let tap = m / c.inner;
	return Row(select(-0x1000000, i32(tap / c.kw) - i32(c.pad), m < c.rows), i32(tap % c.kw) - i32(c.pad), i32(m % c.inner));
}

// column is that of k0 + k, a place k in the piece that begins at k0. Where
// pieces are even, each lies within one row of pixels: the divisions are of k0
// alone, the same for all invocations.
fn column(ph: Phase, k0: u32, k: u32) -> Column {
	let line = select(k0 + k, k0, even) / c.ow;
	return Column(select(-0x1000000, i32((line % c.oh) * c.stride), k0 + k < ph.end), i32((k0 + k - line * c.ow) * c.stride), i32((line / c.oh) * c.h * c.w * c.inner));
}

// index_a is where the element of a row and a column lies in x, or -1.
fn index_a(ph: Phase, r: Row, k: Column) -> i32 {
	let y = r.y + k.y;
	let x = r.x + k.x;
	let inside = (y >= 0) & (x >= 0) & (y < i32(c.h)) & (x < i32(c.w));
	return select(-1, k.at + (y * i32(c.w) + x) * i32(c.inner) + r.at, inside);
}

fn index_b(ph: Phase, k0: u32, k: u32, n: u32) -> u32 {
	return (k0 + k) * c.columns + n;
}

fn index_out(ph: Phase, m: u32, n: u32) -> u32 {
	return ph.base + m * c.columns + n;
}
