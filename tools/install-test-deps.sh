#!/bin/sh
# Installs what the tests need: Chromium. On Debian as root with apt;
# elsewhere it says what is missing.
set -eu
for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing chromium for the browser test"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
	exit 0
fi
echo "error: chromium is missing: the browser test needs it" >&2
echo "hint: install Chromium or Chrome, so that 'chromium' or 'google-chrome' is on the PATH" >&2
exit 1
