#!/bin/bash
# Inside a bare chroot: what an owner does with the packages in /debs in their life. life-cycle.sh VERSION
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
version=$1
cd /debs

fail() {
    echo "$1" >&2
    exit 1
}

install_debs() {
    apt-get --quiet=2 --yes --allow-downgrades install "$@" >/dev/null
}

# A version above this one, with the same files.
make_next() {
    local package
    for package in voiced voiced-brain voiced-handsfree; do
        dpkg-deb --raw-extract "${package}_${version}"_*.deb raw
        sed --in-place "s/$version/$version+next/" raw/DEBIAN/control
        dpkg-deb --build -Znone raw "next/${package}.deb" >/dev/null
        rm --recursive raw
    done
}

# In a chroot there is no sound card (V3..) and no gpiochip (V401); nothing else may be wrong.
check_config() {
    local findings
    findings=$(voiced config check --json || [ $? = 2 ])
    python3 -c '
import json, sys
others = [each for each in json.loads(sys.argv[1]) if each["code"][:2] != "V3" and each["code"] != "V401"]
sys.exit("\n".join(map(str, others)) or 0)' "$findings"
}

# Every canceller and every wake word is there, and none wants memory that is written and run.
check_handsfree() {
    /usr/lib/voiced/bin/python3 -I -c '
import ctypes
from daemon.audio.echo.engine_registry import ENGINES, open_filter
from daemon.wake.registry import WORDS, open_detectors
from numpy import float32, zeros

PR_SET_MDWE = 65  # as MemoryDenyWriteExecute= does where the kernel knows it
ctypes.CDLL(None).prctl(PR_SET_MDWE, 1, 0, 0, 0)
for name in ENGINES:
    canceller = open_filter(name, 24_000)
    canceller.process(zeros(canceller.frames, float32), zeros(canceller.frames, float32))
for detector in open_detectors(WORDS, 50):
    detector.detect(zeros(16_000, float32))'
}

check_installed() {
    [ "$(voiced --version)" = "voiced ${version%%~*}" ] || fail "voiced --version says $(voiced --version)."
    runuser --user voiced -- voiced --version >/dev/null
    /usr/lib/voiced/bin/python3 -I -c 'import alsaaudio, gpiozero, msgspec, numpy, systemd.journal, websockets'
    /usr/lib/voiced/bin/python3 -I -c 'import hama, hibari, onnxruntime'
    check_handsfree
    [ "$(stat --format='%a %U %G' /etc/voiced/voiced.toml)" = "640 root voiced" ] || fail "Wrong mode of voiced.toml."
    [ -d /etc/voiced/tools.d ] || fail "There is no tools.d."
    systemctl --quiet is-enabled voiced.service voiced-brain.socket voiced-tools.socket || fail "A unit is not enabled."
    id --name --groups voiced | grep --quiet 'audio.*gpio\|gpio.*audio' || fail "voiced is not in audio and gpio."
    runuser --user voiced-tools -- /usr/lib/voiced/bin/python3 -I -c 'import daemon.extensions.server'
    check_config
}

apt-get --quiet=2 update
install_debs ./voiced*"$version"_*.deb
check_installed

echo "# the owner's own line" >>/etc/voiced/voiced.toml
for store in credstore credstore.encrypted; do
    install -D --mode=600 /dev/null /etc/$store/voiced.realtime_key
done
cat >/etc/voiced/tools.d/own.py <<END
from daemon.tools import tool


@tool
def ring() -> str:
    """Ring the bell in the hall."""
    return "It rings."
END
install --directory --owner=voiced /var/lib/voiced
touch /var/lib/voiced/state.json
kept() {
    tail --lines=1 /etc/voiced/voiced.toml | grep --quiet owner && [ -e /var/lib/voiced/state.json ] &&
        [ -e /etc/voiced/tools.d/own.py ] && [ -e /etc/credstore/voiced.realtime_key ]
}

mkdir next
make_next
install_debs ./next/*.deb
kept || fail "An upgrade has touched what is the owner's."
check_installed
install_debs ./voiced*"$version"_*.deb
kept || fail "A downgrade has touched what is the owner's."

apt-get --quiet=2 --yes remove voiced voiced-brain voiced-handsfree >/dev/null
kept || fail "Removing has touched what is the owner's."
[ ! -e /usr/lib/voiced ] || fail "Removing has left $(find /usr/lib/voiced | head -n5)."

install_debs ./voiced*"$version"_*.deb
kept || fail "Installing again has touched what is the owner's."
check_installed

apt-get --quiet=2 --yes purge voiced voiced-brain voiced-handsfree >/dev/null
left=$(find / -xdev -path /debs -prune -o -path /proc -prune -o -print | grep --ignore-case voiced || true)
[ -z "$left" ] || fail "Purging has left: $left"
grep --quiet voiced /etc/passwd || fail "The user has gone: Debian keeps users, whose numbers old files may have."
echo "Installed, upgraded, downgraded, removed, installed again, purged: nothing is left but the user."
