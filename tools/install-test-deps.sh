#!/bin/sh
# Installs what the tests need: Chromium, Mesa's software Vulkan for the GPU
# kernels, and qemu for those of arm64, on Debian as root with apt, elsewhere it says what is missing; and
# onnxruntime-web into .cache with npm.
# Chromium is needed; without Vulkan the GPU's tests are skipped, without qemu
# those of arm64, without npm the
# comparison with onnxruntime, by name.
set -eu
cd "$(dirname "$0")/.."
peer=onnxruntime-web@1.20.1
if ! grep -qs "\"version\": \"${peer#*@}\"" .cache/npm/node_modules/onnxruntime-web/package.json; then
	echo "installing $peer for the tests"
	mkdir -p .cache/npm
	if ! npm install --silent --no-audit --no-fund --prefix .cache/npm "$peer" >/dev/null 2>&1; then
		echo "note: npm cannot install $peer: exported networks will not be compared with it" >&2
	fi
fi
wanted=""
chromium=""
for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null 2>&1; then chromium=$name; fi
done
[ -n "$chromium" ] || wanted="chromium"
if [ "$(uname -s)" = Linux ]; then
	ldconfig -p 2>/dev/null | grep -q libvulkan.so.1 || wanted="$wanted libvulkan1"
	ls /usr/share/vulkan/icd.d/*.json >/dev/null 2>&1 || wanted="$wanted mesa-vulkan-drivers"
	case $(uname -m) in
	aarch64 | arm64) ;;
	*) command -v qemu-aarch64-static >/dev/null 2>&1 || command -v qemu-aarch64 >/dev/null 2>&1 || wanted="$wanted qemu-user-static" ;;
	esac
fi
if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing for the tests:$wanted"
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
	exit 0
fi
if [ -z "$chromium" ]; then
	echo "error: chromium is missing: the browser test needs it" >&2
	echo "hint: install Chromium or Chrome, so that 'chromium' or 'google-chrome' is on the PATH" >&2
	exit 1
fi
if [ -n "$wanted" ]; then
	echo "note: missing:$wanted: the tests of the kernels that need them (GPU, arm64) will be skipped" >&2
fi
