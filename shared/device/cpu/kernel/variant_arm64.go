package kernel

// available: every arm64 processor that Go runs on has these vectors.
func available() []variant {
	return []variant{{
		name: "neon", mr: 8, nr: 8, unit: 4,
		tiles: []tile{tileNEONx4, tileNEONx8},
		lanes: []lanes{{
			4, [2][2]depthwiseRow{{depthwise3S1NEON, depthwise3S2NEON}, {depthwise5S1NEON, depthwise5S2NEON}},
			cornerNEON, poolNEON,
		}},
		peak: peakNEON, perPeak: 2 * 12 * 4,
	}, plain}
}
