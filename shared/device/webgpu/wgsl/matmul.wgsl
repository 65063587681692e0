// MatMul: element (m, k) of a lies at m*astep + k*adeep, (k, n) of b at
// k*bdeep + n*bstep, which says all four transpositions.

struct Phase { begin: u32, end: u32, base: u32 }
struct Row { at: i32 }
struct Column { at: i32 }

fn phase(z: u32) -> Phase {
	return Phase(z * c.split, min(z * c.split + c.split, c.depth), z * c.rows * c.columns);
}

fn rows(ph: Phase) -> u32 {
	return c.rows;
}

fn row(ph: Phase, m: u32) -> Row {
	return Row(select(-1, i32(m * c.astep), m < c.rows));
}

fn column(ph: Phase, k0: u32, k: u32) -> Column {
	return Column(select(-1, i32((k0 + k) * c.adeep), k0 + k < ph.end));
}

fn index_a(ph: Phase, r: Row, k: Column) -> i32 {
	return select(-1, r.at + k.at, (r.at >= 0) & (k.at >= 0));
}

fn index_b(ph: Phase, k0: u32, k: u32, n: u32) -> u32 {
	return (k0 + k) * c.bdeep + n * c.bstep;
}

fn index_out(ph: Phase, m: u32, n: u32) -> u32 {
	return ph.base + m * c.columns + n;
}
