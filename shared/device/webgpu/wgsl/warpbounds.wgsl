// The first half of WarpInput: for each patch of 64 pixels of the flow, the
// lowest and highest row and column of the image that it reads.

struct Params { total: u32, patches: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> f: array<f32>;
@group(0) @binding(2) var<storage, read_write> bounds: array<vec4<u32>>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total) {
		return;
	}
	let image = i / p.patches;
	let pixels = p.oh * p.ow;
	let begin = i % p.patches * 64u;
	let end = min(begin + 64u, pixels);
	var box = vec4<u32>(0xffffffffu, 0xffffffffu, 0u, 0u);
	for (var j = begin; j < end; j++) {
		let at = 2u * (image * pixels + j);
		let u = warp_tap(j / p.ow, p.oh, p.h, f[at + 1u]);
		let v = warp_tap(j % p.ow, p.ow, p.w, f[at]);
		box = vec4<u32>(min(box.x, u.lo), min(box.y, v.lo), max(box.z, u.hi), max(box.w, v.hi));
	}
	bounds[i] = box;
}
