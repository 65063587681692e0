package kernel

// available: every arm64 processor that Go runs on has these vectors.
func available() []variant {
	return []variant{{
		name: "neon", mr: 8, nr: 8, unit: 4,
		tiles: []tile{tileNEONx4, tileNEONx8},
		peak:  peakNEON, perPeak: 2 * 12 * 4,
	}, plain}
}
