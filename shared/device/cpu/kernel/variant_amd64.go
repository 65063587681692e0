package kernel

import (
	"golang.org/x/sys/cpu"

	"mien/shared/device/cpu/kernel/basis"
)

func available() []variant {
	var vs []variant
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		vs = append(vs, variant{
			name: "avx512", mr: 8, nr: 32, unit: 8,
			tiles: []tile{tileAVX512x8, tileAVX512x16, tileAVX512x24, tileAVX512x32},
			lanes: []lanes{lanesAVX512, lanesAVX2},
			turn:  turnAVX2, three: threeAVX512, two: twoAVX512,
			peak: peakAVX512, perPeak: 2 * 12 * 16,
		})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		vs = append(vs, variant{
			name: "avx2", mr: 6, nr: 16, unit: 8,
			tiles: []tile{tileAVX2x8, tileAVX2x16},
			lanes: []lanes{lanesAVX2},
			turn:  turnAVX2, three: threeAVX2, two: twoAVX2,
			peak: peakAVX2, perPeak: 2 * 12 * 8,
		})
	}
	return append(vs, plain)
}

var (
	lanesAVX512 = lanes{
		16, [2][2]depthwiseRow{{depthwise3S1AVX512, depthwise3S2AVX512}, {depthwise5S1AVX512, depthwise5S2AVX512}},
		cornerAVX512, poolAVX512,
	}
	lanesAVX2 = lanes{
		8, [2][2]depthwiseRow{{depthwise3S1AVX2, depthwise3S2AVX2}, {depthwise5S1AVX2, depthwise5S2AVX2}},
		cornerAVX2, poolAVX2,
	}
)

var (
	threeAVX512 = &transforms{basis.Three, pixels3AVX512, weights3AVX512, result3AVX512, spread3AVX512, gather3AVX512}
	twoAVX512   = &transforms{basis.Two, pixels2AVX512, weights2AVX512, result2AVX512, spread2AVX512, gather2AVX512}
	threeAVX2   = &transforms{basis.Three, pixels3AVX2, weights3AVX2, result3AVX2, spread3AVX2, gather3AVX2}
	twoAVX2     = &transforms{basis.Two, pixels2AVX2, weights2AVX2, result2AVX2, spread2AVX2, gather2AVX2}
)
