#!/bin/sh
# Fails unless the committed assembly, and the vector kernels where the compiler
# is there, are what their sources make today.
set -eu
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

# same GENERATOR PACKAGE FILE compares FILE.s and FILE.go with a new run.
same() {
	dir=shared/device/cpu/$2
	go run "./tools/$1" -pkg "$2" -out "$fresh/$3.s" -stubs "$fresh/$3.go"
	for f in "$3.s" "$3.go"; do
		# The first line names the command with its paths.
		tail -n +2 "$fresh/$f" >"$fresh/body"
		if ! tail -n +2 "$dir/$f" | diff - "$fresh/body" >/dev/null; then
			echo "$dir/$f: not what tools/$1 writes; run the command in its head" >&2
			exit 1
		fi
	done
}
same avogen kernel tile_amd64
same avowinograd kernel winograd_amd64
same avovector vector loop_amd64
go run ./tools/neongen -out "$fresh/tile_arm64.s" -stubs "$fresh/tile_arm64.go"
for f in tile_arm64.s tile_arm64.go; do
	if ! cmp -s "$fresh/$f" "shared/device/cpu/kernel/$f"; then
		echo "shared/device/cpu/kernel/$f: not what tools/neongen writes; run the command in its head" >&2
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
# Another version of flatc words its code otherwise.
if [ "$(flatc --version 2>/dev/null)" = "flatc version 2.0.8" ]; then
	flatc --go --gen-onefile --gen-object-api --go-namespace tflite -o "$fresh" tools/mediapipe/tflite/model.fbs
	gofmt -w "$fresh/model_generated.go"
	if ! cmp -s "$fresh/model_generated.go" tools/mediapipe/tflite/model_generated.go; then
		echo "tools/mediapipe/tflite/model_generated.go: not what flatc makes of model.fbs; run go generate ./tools/mediapipe/tflite" >&2
		exit 1
	fi
else
	echo "no flatc 2.0.8: tools/mediapipe/tflite is not compared with its schema"
fi
