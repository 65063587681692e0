// WarpFlow: the derivative of sum(g * warp(x, f)) by f, 0 where the edge is
// repeated.

struct Params { total: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> f: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<f32>;
@group(0) @binding(4) var<storage, read_write> df: array<f32>;

fn at(image: u32, i: u32, j: u32, k: u32) -> f32 {
	return x[(image + i * p.w + j) * p.c + k];
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total) {
		return;
	}
	let col = i % p.ow;
	let row = i / p.ow % p.oh;
	let image = i / p.ow / p.oh * p.h * p.w;
	let u = warp_tap(row, p.oh, p.h, f[2u * i + 1u]);
	let v = warp_tap(col, p.ow, p.w, f[2u * i]);
	var dx = 0.0;
	var dy = 0.0;
	for (var k = 0u; k < p.c; k++) {
		let a = at(image, u.lo, v.lo, k);
		let b = at(image, u.lo, v.hi, k);
		let d = at(image, u.hi, v.lo, k);
		let e = at(image, u.hi, v.hi, k);
		let s = g[i * p.c + k];
		dx += s * ((b - a) * (1.0 - u.weight) + (e - d) * u.weight);
		dy += s * ((d - a) * (1.0 - v.weight) + (e - b) * v.weight);
	}
	df[2u * i] = select(0.0, dx * (f32(p.w) * 0.5), v.inside);
	df[2u * i + 1u] = select(0.0, dy * (f32(p.h) * 0.5), u.inside);
}
