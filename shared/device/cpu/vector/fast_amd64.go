package vector

import "golang.org/x/sys/cpu"

// fast says whether the assembly runs on this machine; tests clear it.
var fast = cpu.X86.HasAVX2
