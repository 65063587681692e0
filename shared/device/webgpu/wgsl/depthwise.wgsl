// Depthwise: a convolution of each channel alone.

struct Params { total: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, stride: u32, pad: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
	var s = 0.0;
	for (var a = 0u; a < p.kh; a++) {
		// Below 0 wraps around to a large number.
		let r = row * p.stride + a - p.pad;
		for (var b = 0u; b < p.kw; b++) {
			let q = col * p.stride + b - p.pad;
			let inside = (r < p.h) & (q < p.w);
			let at = select(0u, ((image * p.h + r) * p.w + q) * p.c + k, inside);
			s += select(0.0, x[at], inside) * w[(a * p.kw + b) * p.c + k];
		}
	}
	y[i] = s;
}
