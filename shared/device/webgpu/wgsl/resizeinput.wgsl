// ResizeInput, the adjoint of Resize: here h and w are of the gradient x, oh
// and ow of the result. Each pixel gathers from those that read it.

struct Params { total: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// first and last bound which of m samples can fall next to sample i of n; one
// more on either side makes up for rounding. Samples beyond the edge fall on
// it.
fn first(i: u32, m: u32, n: u32) -> u32 {
	if (i == 0u) {
		return 0u;
	}
	return u32(max(floor((f32(i) - 0.5) * (f32(m) / f32(n)) - 0.5) - 1.0, 0.0));
}

fn last(i: u32, m: u32, n: u32) -> u32 {
	if (i == n - 1u) {
		return m - 1u;
	}
	return min(u32(ceil((f32(i) + 1.5) * (f32(m) / f32(n)) - 0.5) + 1.0), m - 1u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total) {
		return;
	}
	let k = i % p.c;
	let col = (i / p.c) % p.ow;
	let row = (i / p.c / p.ow) % p.oh;
	let image = i / p.c / p.ow / p.oh * p.h * p.w;
	let from_col = first(col, p.w, p.ow);
	let to_col = last(col, p.w, p.ow);
	let to_row = last(row, p.h, p.oh);
	var s = 0.0;
	for (var a = first(row, p.h, p.oh); a <= to_row; a++) {
		let u = share(resize_tap(a, p.h, p.oh), row);
		if (u != 0.0) {
			for (var b = from_col; b <= to_col; b++) {
				s += u * share(resize_tap(b, p.w, p.ow), col) * x[(image + a * p.w + b) * p.c + k];
			}
		}
	}
	y[i] = s;
}
