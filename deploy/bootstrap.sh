#!/bin/sh
# What `make demo` and `make test` need on a bare Debian 12 or 13: Debian's packages, and Python's in .venv.
# Done at once when everything is there. Asks for sudo when root has not started it.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf '%s\n' "$1" >&2
    exit 2
}

# What pip says is shown on a terminal only; errors are shown always.
if [ -t 1 ]; then exec 3>&1; else exec 3>/dev/null; fi

deploy/need.sh <<END
python3-venv        to make a virtual environment
python3-dev         to build the bindings to ALSA, systemd and GPIO
gcc                 to build the bindings to ALSA, systemd and GPIO
libasound2-dev      to build the binding to ALSA
libsystemd-dev      to build the binding to systemd
pkg-config          to build the binding to systemd
swig                to build the binding to GPIO, which has no wheel for Python 3.13
pulseaudio          to play the part of a sound card
pulseaudio-utils    to feed and record that sound card
libasound2-plugins  to reach that sound card through ALSA
espeak-ng           to have a second voice
libspeexdsp1        to cancel echo
systemd-container   to test the service under a real systemd
openssl             to make the certificates of a server that is tested
iproute2            to make a network in which an address is dead
END

# The system's Python, whatever the PATH says: python3-dev belongs to it.
python=/usr/bin/python3
# A folder that was moved, or another release of Debian, needs a new .venv; so does one half made.
made_for="$(pwd -P) $(readlink -f "$python")"
stamp=.venv/.ready
if [ "$(cat "$stamp" 2>/dev/null)" != "$made_for" ]; then
    "$python" -m venv --clear .venv
fi
if [ ! -e "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    echo "Installing Python packages into .venv (600 MB), some minutes ..."
    # lgpio has no wheel for every Python: PYPI=1 lets its source bring its own C library.
    # Debian 13 has /tmp in memory, of which a small board has too little for 200 MB of wheels.
    PYPI=1 TMPDIR="$PWD/.venv" .venv/bin/pip install --disable-pip-version-check --use-pep517 \
        -e '.[offline,handsfree,dev]' >&3 ||
        fail "pip could not install what voiced needs; see to the network and the clock, then run this again."
    # The first start of the brain would make it, and take seconds more.
    .venv/bin/python -c 'from daemon.brain.hibari_tables import open_table; open_table()' >&3
    echo "$made_for" >"$stamp"
fi
