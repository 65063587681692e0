package kernel

import "golang.org/x/sys/cpu"

func available() []variant {
	var vs []variant
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
		vs = append(vs, variant{
			name: "avx512", mr: 8, nr: 32, unit: 8,
			tiles: []tile{tileAVX512x8, tileAVX512x16, tileAVX512x24, tileAVX512x32},
			peak:  peakAVX512, perPeak: 2 * 12 * 16,
		})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		vs = append(vs, variant{
			name: "avx2", mr: 6, nr: 16, unit: 8,
			tiles: []tile{tileAVX2x8, tileAVX2x16},
			peak:  peakAVX2, perPeak: 2 * 12 * 8,
		})
	}
	return append(vs, plain)
}
