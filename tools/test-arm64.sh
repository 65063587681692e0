#!/bin/sh
# Tests the arm64 kernels, on an arm64 machine or under qemu. Skips loudly where
# there is neither.
set -eu
run=
case $(go env GOHOSTARCH) in
arm64) ;;
*)
	for name in qemu-aarch64-static qemu-aarch64; do
		if command -v "$name" >/dev/null 2>&1; then run="-exec $name"; break; fi
	done
	if [ -z "$run" ]; then
		echo "SKIPPED: the NEON kernels are not tested: no qemu-aarch64 (Debian: apt install qemu-user-static)" >&2
		GOARCH=arm64 CGO_ENABLED=0 go vet ./shared/device/cpu/...
		exit 0
	fi
	;;
esac
# shellcheck disable=SC2086
GOARCH=arm64 CGO_ENABLED=0 go test $run ./shared/device/cpu/kernel ./shared/device/cpu/vector
# shellcheck disable=SC2086
GOARCH=arm64 CGO_ENABLED=0 go test $run -run 'TestDevice/(plans|blaze|chains)' ./shared/device/cpu
