// Concat, Slice and Pad: rows of x into rows of y.

struct Params { total: u32, n: u32, before: u32, width: u32, from_stride: u32, from_at: u32, to_stride: u32, to_at: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total) {
		return;
	}
	let row = i / p.n;
	let j = i % p.n;
	var v = 0.0;
	if (j >= p.before && j < p.before + p.width) {
		v = x[row * p.from_stride + p.from_at + j - p.before];
	}
	y[row * p.to_stride + p.to_at + j] = v;
}
