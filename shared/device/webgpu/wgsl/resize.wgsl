// Resize: bilinear, the edge repeated.

struct Params { total: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

fn at(image: u32, i: u32, j: u32, k: u32) -> f32 {
	return x[(image + i * p.w + j) * p.c + k];
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
	let u = resize_tap(row, p.oh, p.h);
	let v = resize_tap(col, p.ow, p.w);
	y[i] = (1.0 - u.weight) * (1.0 - v.weight) * at(image, u.lo, v.lo, k) + (1.0 - u.weight) * v.weight * at(image, u.lo, v.hi, k)
		+ u.weight * (1.0 - v.weight) * at(image, u.hi, v.lo, k) + u.weight * v.weight * at(image, u.hi, v.hi, k);
}
