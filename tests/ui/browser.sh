#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# See to it that there is a browser: Debian's chromium, installed if it is missing and may be installed.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" > /dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "Installing chromium ..."
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null; then
        exit 0
    fi
fi
echo "No browser could be had, so the web pages were NOT tested: install chromium, then run this again." >&2
exit 1
