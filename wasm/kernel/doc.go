// Package kernel has no Go code: src/kernel.c is built by tools/build-kernel.sh
// into web/kernel.wasm and web/kernel-fma.wasm, which are committed, and called
// by shared/device/cpu/kernel.
package kernel
