#!/bin/bash
# Inside a chroot where the packages are installed: run-demo.sh VERSION. Says what it did, and how long it took.
set -euo pipefail
cd /tmp

[ "$(voiced --version)" = "voiced ${1%%~*}" ]
TIMEFORMAT='  %0R s'
echo "voiced --version"
time voiced --version
echo "voiced config check"
# Without hardware there is no sound card: told in one sentence, exit status 2.
time voiced config check --config /usr/share/voiced/demo.toml || [ $? = 2 ]
echo "voiced demo"
time voiced demo --out /tmp/demo || { tail --lines=20 /tmp/demo/journal.log; exit 1; }
