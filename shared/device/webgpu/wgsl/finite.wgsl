// Finite, the first half: each workgroup marks whether its part of one operand
// holds a number that is infinite or none: all bits of the exponent are set.

struct Params { at: u32, n: array<vec4<u32>, 2> }
@group(0) @binding(0) var<uniform> p: Params;

var<workgroup> bad: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let n = p.n[group.y / 4u][group.y % 4u];
	var found = 0u;
	for (var i = group.x * 256u + lane; i < n; i += groups.x * 256u) {
		if ((word(group.y, i) & 0x7f800000u) == 0x7f800000u) {
			found = 1u;
		}
	}
	bad[lane] = found;
	workgroupBarrier();
	for (var half = 128u; half > 0u; half /= 2u) {
		if (lane < half) {
			bad[lane] |= bad[lane + half];
		}
		workgroupBarrier();
	}
	if (lane == 0u) {
		marks[p.at + group.y * groups.x + group.x] = f32(bad[0]);
	}
}
