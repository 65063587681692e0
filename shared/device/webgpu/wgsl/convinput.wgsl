// ConvInput as s*s products, one for each place of an input pixel within a
// stride: row m is such a pixel, column n an input channel, and the sum runs
// over those taps that meet it, k = (ta*NB + tb)*K + kk with a = a0 + s*ta and
// b = b0 + s*tb. So nothing is multiplied by the zeros between strides.

struct Phase { begin: u32, end: u32, py: u32, px: u32, high: u32, wide: u32, a0: u32, b0: u32, nb: u32 }
struct Row { y: i32, x: i32, at: i32 }
struct Column { y: i32, x: i32, at: i32 }

// share is how many of n taps, or pixels, begin at first and lie a stride
// apart.
fn share(n: u32, first: u32) -> u32 {
	return select(0u, (n - first + c.stride - 1u) / c.stride, first < n);
}

fn phase(z: u32) -> Phase {
	let py = z / c.stride;
	let px = z % c.stride;
	let a0 = (py + c.pad) % c.stride;
	let b0 = (px + c.pad) % c.stride;
	let nb = share(c.kw, b0);
	return Phase(0u, share(c.kh, a0) * nb * c.inner, py, px, share(c.h, py), share(c.w, px), a0, b0, nb);
}

fn rows(ph: Phase) -> u32 {
	return c.images * ph.high * ph.wide;
}

fn row(ph: Phase, m: u32) -> Row {
	let image = ph.high * ph.wide;
	let r = m % image;
	let i = (r / ph.wide) * c.stride + ph.py;
	let j = (r % ph.wide) * c.stride + ph.px;
	return Row(select(-0x1000000, (i32(i + c.pad) - i32(ph.a0)) / i32(c.stride), m < rows(ph)), (i32(j + c.pad) - i32(ph.b0)) / i32(c.stride), i32((m / image) * c.oh * c.ow * c.inner));
}

// column is that of k0 + k, a place k in the piece that begins at k0. Where
// pieces are even, each lies within one tap: the divisions are of k0 alone, the
// same for all invocations.
fn column(ph: Phase, k0: u32, k: u32) -> Column {
	let tap = select(k0 + k, k0, even) / c.inner;
	return Column(select(0x1000000, i32(tap / ph.nb), k0 + k < ph.end), i32(tap % ph.nb), i32(k0 + k - tap * c.inner));
}

// index_a is where the element of a row and a column lies in dy, or -1.
fn index_a(ph: Phase, r: Row, k: Column) -> i32 {
	let y = r.y - k.y;
	let x = r.x - k.x;
	let inside = (y >= 0) & (x >= 0) & (y < i32(c.oh)) & (x < i32(c.ow));
	return select(-1, r.at + (y * i32(c.ow) + x) * i32(c.inner) + k.at, inside);
}

fn index_b(ph: Phase, k0: u32, k: u32, n: u32) -> u32 {
	let tap = select(k0 + k, k0, even) / c.inner;
	let a = ph.a0 + c.stride * (tap / ph.nb);
	let b = ph.b0 + c.stride * (tap % ph.nb);
	return ((a * c.kw + b) * c.columns + n) * c.inner + k0 + k - tap * c.inner;
}

fn index_out(ph: Phase, m: u32, n: u32) -> u32 {
	let image = ph.high * ph.wide;
	let r = m % image;
	let i = (r / ph.wide) * c.stride + ph.py;
	let j = (r % ph.wide) * c.stride + ph.px;
	return (((m / image) * c.h + i) * c.w + j) * c.columns + n;
}
