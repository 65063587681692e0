// Nearest: each pixel repeated r x r times.

struct Params { total: u32, r: u32, h: u32, w: u32, c: u32 }
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
	let col = (i / p.c) % p.w;
	let row = (i / p.c / p.w) % p.h;
	let image = i / p.c / p.w / p.h;
	y[i] = x[((image * (p.h / p.r) + row / p.r) * (p.w / p.r) + col / p.r) * p.c + k];
}
