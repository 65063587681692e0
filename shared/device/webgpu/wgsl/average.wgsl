// Blend of a weight that Adam has just moved, by the same flag.

@group(0) @binding(7) var<storage, read> decay: array<f32>;
@group(0) @binding(8) var<storage, read_write> average: array<f32>;

fn follow(i: u32, next: f32) {
	average[i] = decay[0] * average[i] + (1.0 - decay[0]) * next;
}
