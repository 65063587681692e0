#!/bin/sh
# Builds the page's vector kernels into a folder (web), plain and with fused
# multiply-add.
# Needs clang and lld 16 or newer (earlier ones encode the latter differently).
set -eu
clang=${CLANG:-clang-16}
out=${1:-web}
build() {
	name=$1
	shift
	"$clang" --target=wasm32 -O3 -msimd128 "$@" -nostdlib -ffreestanding -fno-builtin -Wall -Werror \
		-Wl,--no-entry -Wl,--import-memory -Wl,--strip-all -Wl,-z,stack-size=0 -Wl,--stack-first -o "$out/$name" wasm/kernel/src/*.c
}
build kernel.wasm
build kernel-fma.wasm -mrelaxed-simd
