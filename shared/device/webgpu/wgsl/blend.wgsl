// Blend, in place; see plan.Blend.

struct Params { total: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> decay: array<f32>;
@group(0) @binding(3) var<storage, read> ok: array<f32>;
@group(0) @binding(4) var<storage, read_write> s: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total || ok[0] == 0.0) {
		return;
	}
	s[i] = decay[0] * s[i] + (1.0 - decay[0]) * x[i];
}
