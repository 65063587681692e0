// Adam, in place; see plan.Adam. follow is what becomes of the new weight:
// nothing, or its share of an average (average.wgsl).

struct Params { total: u32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, epsilon: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> hyper: array<f32>; // rate, 1-beta1^t, 1-beta2^t, decay
@group(0) @binding(3) var<storage, read> ok: array<f32>;
@group(0) @binding(4) var<storage, read_write> w: array<f32>;
@group(0) @binding(5) var<storage, read_write> m: array<f32>;
@group(0) @binding(6) var<storage, read_write> v: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i >= p.total || ok[0] == 0.0) {
		return;
	}
	let first = p.beta1 * m[i] + p.rest1 * g[i];
	let second = p.beta2 * v[i] + p.rest2 * g[i] * g[i];
	m[i] = first;
	v[i] = second;
	let next = w[i] - hyper[0] * (first / hyper[1] / (sqrt(second / hyper[2]) + p.epsilon) + hyper[3] * w[i]);
	w[i] = next;
	follow(i, next);
}
