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

fn column(ph: Phase, k: u32) -> Column {
	let image = c.oh * c.ow;
	let r = k % image;
	return Column(select(-0x1000000, i32((r / c.ow) * c.stride), k < ph.end), i32((r % c.ow) * c.stride), i32((k / image) * c.h * c.w * c.inner));
}

// index_a is where the element of a row and a column lies in x, or -1.
fn index_a(ph: Phase, r: Row, k: Column) -> i32 {
	let y = r.y + k.y;
	let x = r.x + k.x;
	let inside = (y >= 0) & (x >= 0) & (y < i32(c.h)) & (x < i32(c.w));
	return select(-1, k.at + (y * i32(c.w) + x) * i32(c.inner) + r.at, inside);
}

fn index_b(ph: Phase, k: u32, n: u32) -> u32 {
	return k * c.columns + n;
}

fn index_out(ph: Phase, m: u32, n: u32) -> u32 {
	return ph.base + m * c.columns + n;
}
