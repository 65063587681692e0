// Finite, the second half: 1 when nothing is marked.

struct Params { total: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> marks: array<f32>;
@group(0) @binding(2) var<storage, read_write> ok: array<f32>;

var<workgroup> bad: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
	var found = 0.0;
	for (var i = lane; i < p.total; i += 256u) {
		found = max(found, marks[i]);
	}
	bad[lane] = found;
	workgroupBarrier();
	for (var half = 128u; half > 0u; half /= 2u) {
		if (lane < half) {
			bad[lane] = max(bad[lane], bad[lane + half]);
		}
		workgroupBarrier();
	}
	if (lane == 0u) {
		ok[0] = 1.0 - bad[0];
	}
}
