#!/bin/sh
# Fails unless the committed assembly, and the vector kernels where the compiler
# is there, are what their sources make today.
set -eu
kernel=shared/device/cpu/kernel
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
go run ./tools/avogen -pkg kernel -out "$fresh/tile_amd64.s" -stubs "$fresh/tile_amd64.go"
for f in tile_amd64.s tile_amd64.go; do
	# The first line names the command with its paths.
	tail -n +2 "$fresh/$f" >"$fresh/body"
	if ! tail -n +2 "$kernel/$f" | diff - "$fresh/body" >/dev/null; then
		echo "$kernel/$f: not what tools/avogen writes; run the command in its head" >&2
		exit 1
	fi
done
if command -v "${CLANG:-clang-16}" >/dev/null 2>&1; then
	sh tools/build-kernel.sh "$fresh"
	for f in kernel.wasm kernel-fma.wasm; do
		if ! cmp -s "$fresh/$f" "web/$f"; then
			echo "web/$f: not what tools/build-kernel.sh makes; run it" >&2
			exit 1
		fi
	done
else
	echo "no clang-16: web/kernel.wasm is not compared with its source"
fi
