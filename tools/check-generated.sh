#!/bin/sh
# Fails unless the committed assembly is what its generator writes today.
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
