// Conv as a product: row m is an output pixel, column n a channel of the
// result, and the sum runs over k = (a*KW + b)*C + c.
//
// Here and in the other products nothing branches: compilers write these
// functions out for each element that an invocation reads. With early returns
// SwiftShader (Chromium 156) takes minutes and gigabytes for what it now
// compiles in half a second.

struct Phase { begin: u32, end: u32, base: u32 }
struct Row { y: i32, x: i32, at: i32 }
struct Column { y: i32, x: i32, at: i32 }

fn phase(z: u32) -> Phase {
	return Phase(z * c.split, min(z * c.split + c.split, c.depth), z * c.rows * c.columns);
}

fn row(ph: Phase, m: u32) -> Row {
	let image = c.oh * c.ow;
	let r = m % image;
	return Row(select(-0x1000000, i32((r / c.ow) * c.stride) - i32(c.pad), m < c.rows), i32((r % c.ow) * c.stride) - i32(c.pad), i32((m / image) * c.h * c.w * c.inner));
}

// column is that of k0 + k, a place k in the piece that begins at k0. Where
// pieces are even, each lies within one tap: the divisions are of k0 alone, the
// same for all invocations.
fn column(ph: Phase, k0: u32, k: u32) -> Column {
	let tap = select(k0 + k, k0, even) / c.inner;
	return Column(select(-0x1000000, i32(tap / c.kw), k0 + k < ph.end), i32(tap % c.kw), i32(k0 + k - tap * c.inner));
}

// index_a is where the element of a row and a column lies in x, or -1.
fn index_a(ph: Phase, r: Row, k: Column) -> i32 {
	let y = r.y + k.y;
	let x = r.x + k.x;
	let inside = (y >= 0) & (x >= 0) & (y < i32(c.h)) & (x < i32(c.w));
	return select(-1, r.at + (y * i32(c.w) + x) * i32(c.inner) + k.at, inside);
}

fn index_b(ph: Phase, k0: u32, k: u32, n: u32) -> u32 {
	return (k0 + k) * c.columns + n;
}

fn rows(ph: Phase) -> u32 {
	return c.rows;
}

fn index_out(ph: Phase, m: u32, n: u32) -> u32 {
	return ph.base + m * c.columns + n;
}
