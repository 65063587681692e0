// Functions of one number. WGSL leaves the precision of exp, log and tanh to
// the driver; these are the same on every one.

fn NotANumber(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn Affine(x: f32, a: f32, b: f32) -> f32 {
	return a * x + b;
}

fn LeakyRelu(x: f32, slope: f32) -> f32 {
	return select(slope * x, x, x > 0.0);
}

fn Gate(x: f32, g: f32, slope: f32) -> f32 {
	return select(slope * g, g, x > 0.0);
}

// e^x after Cephes' expf (Moshier, 1992): x is split into n*log 2 and a
// remainder, for which a polynomial is used. Relative error below 2e-7; below
// -87.3 the result is 0, above 88.7 infinite. NaN stays NaN.
fn Exp(x: f32) -> f32 {
	if (NotANumber(x)) {
		return x;
	}
	let t = clamp(x, -87.33, 88.72);
	let n = floor(t * 1.44269504 + 0.5);
	let r = (t - n * 0.693359375) + n * 2.12194440e-4;
	var y = 1.9875691500e-4;
	y = y * r + 1.3981999507e-3;
	y = y * r + 8.3334519073e-3;
	y = y * r + 4.1665795894e-2;
	y = y * r + 1.6666665459e-1;
	y = y * r + 5.0000001201e-1;
	y = y * r * r + r + 1.0;
	// In two factors: 2^128 has no float.
	let half = floor(n * 0.5);
	y = y * bitcast<f32>(u32(i32(half) + 127) << 23u) * bitcast<f32>(u32(i32(n - half) + 127) << 23u);
	if (x < -87.33) {
		return 0.0;
	}
	if (x > 88.72) {
		return bitcast<f32>(0x7f800000u + (bitcast<u32>(x) & 0u));
	}
	return y;
}

// Natural logarithm after Cephes' logf: x is split into 2^e and a mantissa
// within [sqrt(1/2), sqrt(2)). Absolute error below 1e-7 times the larger of
// 1 and the result. 0 gives -infinity, a negative number or NaN gives NaN.
fn Log(x: f32) -> f32 {
	let b = bitcast<u32>(x);
	if ((b & 0x7fffffffu) == 0u) {
		return bitcast<f32>(0xff800000u | (b & 0u));
	}
	if (b > 0x7f800000u) {
		return bitcast<f32>(0x7fc00000u | b);
	}
	if (b == 0x7f800000u) {
		return x;
	}
	var e = f32(i32(b >> 23u) - 126);
	var m = bitcast<f32>((b & 0x007fffffu) | 0x3f000000u); // [0.5, 1)
	if (m < 0.707106781) {
		e = e - 1.0;
		m = m + m - 1.0;
	} else {
		m = m - 1.0;
	}
	let z = m * m;
	var y = 7.0376836292e-2;
	y = y * m - 1.1514610310e-1;
	y = y * m + 1.1676998740e-1;
	y = y * m - 1.2420140846e-1;
	y = y * m + 1.4249322787e-1;
	y = y * m - 1.6668057665e-1;
	y = y * m + 2.0000714765e-1;
	y = y * m - 2.4999993993e-1;
	y = y * m + 3.3333331174e-1;
	y = y * m * z - 2.12194440e-4 * e - 0.5 * z;
	return (m + y) + 0.693359375 * e;
}

// tanh x after Cephes' tanhf. Absolute error below 2e-7.
fn Tanh(x: f32) -> f32 {
	let a = abs(x);
	if (a < 0.625) {
		let z = x * x;
		var y = -5.70498872745e-3;
		y = y * z + 2.06390887954e-2;
		y = y * z - 5.37397155531e-2;
		y = y * z + 1.33314422036e-1;
		y = y * z - 3.33332819422e-1;
		return y * z * x + x;
	}
	let y = 1.0 - 2.0 / (Exp(2.0 * min(a, 20.0)) + 1.0);
	if (NotANumber(x)) {
		return x;
	}
	return select(y, -y, x < 0.0);
}

fn Sigmoid(x: f32) -> f32 {
	return 1.0 / (1.0 + Exp(-x));
}

// log(1 + e^x) without overflow.
fn Softplus(x: f32) -> f32 {
	return max(x, 0.0) + Log(1.0 + Exp(-abs(x)));
}

fn Clamp(x: f32, lo: f32, hi: f32) -> f32 {
	if (NotANumber(x)) {
		return x;
	}
	return min(max(x, lo), hi);
}

fn Inside(x: f32, lo: f32, hi: f32) -> f32 {
	return select(0.0, 1.0, lo <= x && x <= hi);
}
