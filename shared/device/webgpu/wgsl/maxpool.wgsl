// MaxPool: the largest number of each k x k window.

struct Params { total: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32, k: u32, stride: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total) {
		return;
	}
	let k = i % p.c;
	let col = (i / p.c) % p.ow;
	let row = (i / p.c / p.ow) % p.oh;
	let image = i / p.c / p.ow / p.oh;
	let corner = ((image * p.h + row * p.stride) * p.w + col * p.stride) * p.c + k;
	var s = x[corner];
	for (var a = 0u; a < p.k; a++) {
		for (var b = 0u; b < p.k; b++) {
			s = max(s, x[corner + (a * p.w + b) * p.c]);
		}
	}
	y[i] = s;
}
