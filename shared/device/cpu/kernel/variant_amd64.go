package kernel

import "golang.org/x/sys/cpu"

func available() []variant {
	var vs []variant
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ {
		vs = append(vs, variant{"avx512", 8, 32, 16, tileAVX512, tileAVX512Narrow, nil})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		vs = append(vs, variant{"avx2", 6, 16, 8, tileAVX2, tileAVX2Narrow, nil})
	}
	return append(vs, plain)
}
