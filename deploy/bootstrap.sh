#!/bin/sh
# What `make demo` and `make test` need on a bare Debian 12 or 13: Debian packages and .venv.
# Quick when everything is there. Asks for sudo when it is not run by root.
set -eu
cd "$(dirname "$0")/.."

needed="
python3-venv:to make a virtual environment
python3-dev:to build the bindings to ALSA and systemd
gcc:to build the bindings to ALSA and systemd
libasound2-dev:to build the binding to ALSA
libsystemd-dev:to build the binding to systemd
pkg-config:to build the binding to systemd
swig:to build the binding to the GPIO chip where no wheel fits
pulseaudio:to play the part of a sound card
pulseaudio-utils:to feed and record that sound card
libasound2-plugins:to reach that sound card through ALSA
espeak-ng:to have a second voice
"

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

missing=""
for line in $(printf '%s' "$needed" | tr ' ' '~'); do
    package=${line%%:*}
    if ! installed "$package"; then
        missing="$missing $package"
        printf 'voiced needs the Debian package %-18s %s\n' "$package" "$(printf '%s' "${line#*:}" | tr '~' ' ')"
    fi
done
if [ -n "$missing" ]; then
    root=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "Install them as root: apt-get install$missing" >&2; exit 2; }
        echo "Installing them with sudo."
        root=sudo
    fi
    $root apt-get update -qq
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

# The system's Python, because python3-dev belongs to it.
python=/usr/bin/python3
stamp=.venv/.ready
if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "Making .venv (about 300 MB, some minutes) ..."
    "$python" -m venv .venv
    # lgpio has no wheel for every Python: PYPI=1 lets its source bring its own C library.
    PYPI=1 .venv/bin/pip install --quiet --disable-pip-version-check -e '.[offline,plots,dev]'
    touch "$stamp"
fi
