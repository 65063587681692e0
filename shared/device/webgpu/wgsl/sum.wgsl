// Sum over the middle dimension of x [A R B]: a workgroup makes several sums
// of one shard of rows, by as many lanes each, then adds the lanes' parts in a
// tree. The result is [A shards B]. load, generated, is x at an index: from
// memory, or computed by a chain of elementwise steps.

var<workgroup> part: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) index: u32) {
	let lane = lane_of(index);
	let sum = sum_of(index);
	let o = (group.y * groups.x + group.x) * sums + sum;
	let shard = group.z;
	let a = o / c.b;
	let column = o % c.b;
	var s = 0.0;
	if (o < c.outputs) {
		let end = min((shard + 1u) * c.rows, c.r);
		for (var row = shard * c.rows + lane; row < end; row += lanes) {
			s += load((a * c.r + row) * c.b + column);
		}
	}
	part[sum * lanes + lane] = s;
	workgroupBarrier();
	for (var half = lanes / 2u; half > 0u; half /= 2u) {
		if (lane < half) {
			part[sum * lanes + lane] += part[sum * lanes + lane + half];
		}
		workgroupBarrier();
	}
	if (lane == 0u && o < c.outputs) {
		out0[(a * c.shards + shard) * c.b + column] = part[sum * lanes];
	}
}
