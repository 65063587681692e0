// Places between pixels.

struct Tap { lo: u32, hi: u32, weight: f32, inside: bool }

// tap_at finds coordinate x among n samples. Places outside, and NaN, are
// moved to the edge, so that nothing outside is read.
fn tap_at(x: f32, n: u32) -> Tap {
	if (!(x > 0.0) || (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
		return Tap(0u, 0u, 0.0, false);
	}
	if (x >= f32(n - 1u)) {
		return Tap(n - 1u, n - 1u, 0.0, false);
	}
	let lo = min(u32(x), n - 1u);
	return Tap(lo, min(lo + 1u, n - 1u), x - f32(lo), true);
}

// resize_tap is where sample i of m falls among n samples.
fn resize_tap(i: u32, m: u32, n: u32) -> Tap {
	return tap_at((f32(i) + 0.5) * (f32(n) / f32(m)) - 0.5, n);
}

// warp_tap is the same, moved by flow (2 is the whole extent).
fn warp_tap(i: u32, m: u32, n: u32, flow: f32) -> Tap {
	return tap_at((f32(i) + 0.5) * (f32(n) / f32(m)) - 0.5 + flow * (f32(n) * 0.5), n);
}

// share is how much of a tap falls to sample i.
fn share(t: Tap, i: u32) -> f32 {
	return select(0.0, 1.0 - t.weight, t.lo == i) + select(0.0, t.weight, t.hi == i);
}
