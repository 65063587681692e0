#!/bin/sh
# Fetches the npm package of MediaPipe's face networks into a temporary folder,
# checks it, and writes our model files of it into weights/: again the same ones,
# as long as tools/mediapipe stays as it is.
set -eu
cd "$(dirname "$0")/../.."
version=0.4.1633559619
sum=a65c9a7509560f29e574c026dc6a667d2154617eb3ba0c287db02350de0c116f
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
(cd "$fresh" && npm pack --silent "@mediapipe/face_mesh@$version" >/dev/null)
archive=$fresh/mediapipe-face_mesh-$version.tgz
echo "$sum  $archive" | sha256sum -c --quiet -
tar -xzf "$archive" -C "$fresh"
go run ./tools/mediapipe "$fresh/package"
