// The second half of WarpInput: a workgroup makes 8 x 8 pixels of the image
// from those patches of the flow whose bounds meet them.

struct Params { total: u32, patches: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32, images: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> f: array<f32>;
@group(0) @binding(3) var<storage, read> bounds: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let wide = (p.w + 7u) / 8u;
	let high = (p.h + 7u) / 8u;
	let number = group.y * groups.x + group.x;
	let image = number / wide / high;
	if (image >= p.images) {
		return;
	}
	let top = number / wide % high * 8u;
	let left = number % wide * 8u;
	let row = top + lane / 8u;
	let col = left + lane % 8u;
	if (row >= p.h || col >= p.w) {
		return;
	}
	let at = (image * p.h * p.w + row * p.w + col) * p.c;
	for (var k = 0u; k < p.c; k++) {
		dx[at + k] = 0.0;
	}
	let pixels = p.oh * p.ow;
	for (var patch_ = 0u; patch_ < p.patches; patch_++) {
		let box = bounds[image * p.patches + patch_];
		if (box.x >= top + 8u || box.y >= left + 8u || box.z < top || box.w < left) {
			continue;
		}
		let end = min(patch_ * 64u + 64u, pixels);
		for (var j = patch_ * 64u; j < end; j++) {
			let pixel = image * pixels + j;
			let u = share(warp_tap(j / p.ow, p.oh, p.h, f[2u * pixel + 1u]), row);
			if (u == 0.0) {
				continue;
			}
			let weight = u * share(warp_tap(j % p.ow, p.ow, p.w, f[2u * pixel]), col);
			if (weight != 0.0) {
				for (var k = 0u; k < p.c; k++) {
					dx[at + k] += weight * g[pixel * p.c + k];
				}
			}
		}
	}
}
