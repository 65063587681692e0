// A chain of elementwise steps: finish, generated from the steps, is called
// for each element.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
	let i = (group.y * groups.x + group.x) * 256u + lane;
	if (i < c.n) {
		finish(i, 0.0);
	}
}
