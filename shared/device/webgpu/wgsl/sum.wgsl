// Sum over the middle dimension of x [A R B]: a workgroup makes several sums
// of one shard of rows, by as many lanes each, then adds the lanes' parts in a
// tree. y is [A shards B].

struct Params { outputs: u32, r: u32, b: u32, rows: u32, shards: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> part: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) index: u32) {
	let lane = lane_of(index);
	let sum = sum_of(index);
	let o = (group.y * groups.x + group.x) * sums + sum;
	let shard = group.z;
	let a = o / p.b;
	let column = o % p.b;
	var s = 0.0;
	if (o < p.outputs) {
		let end = min((shard + 1u) * p.rows, p.r);
		for (var row = shard * p.rows + lane; row < end; row += lanes) {
			s += x[(a * p.r + row) * p.b + column];
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
	if (lane == 0u && o < p.outputs) {
		y[(a * p.shards + shard) * p.b + column] = part[sum * lanes];
	}
}
