#!/bin/bash
# Every wheel that the packages hold, for SUITE and ARCH, into the cache. Sourced by build.sh.
# Most come from the index as they are. Three have none for each Python and machine: they are compiled, or
# cross-compiled, in the chroot, so that the board needs no compiler.

stamp=$wheels/.made-of-$(cat "$here/requirements.txt" "$here/wheels.sh" "$here/compile.sh" | sha256sum | cut -c1-16)
if [ ! -e "$stamp" ]; then
    wipe "$wheels"
    wipe "$root/build"
    mkdir -p "$root/build"
    cp "$here/requirements.txt" "$here/compile.sh" "$root/build/"
    cp "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$root/build/ca.crt"
    # The pip that reads the markers must be the suite's own. PYPI=1: lgpio's source brings its own C library.
    platforms=()
    for glibc in 17 24 26 27 28 31 34 35; do platforms+=(--platform "manylinux_2_${glibc}_$cpu"); done
    inside PYPI=1 PIP_CERT=/build/ca.crt PIP_NO_CACHE_DIR=1 ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} \
        python3 -m pip --quiet --disable-pip-version-check download --no-deps --no-build-isolation \
        --require-hashes --requirement /build/requirements.txt --dest /build/wheels \
        --implementation cp "${platforms[@]}" --platform "manylinux2014_$cpu"
    inside PYPI=1 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" DEB_HOST_ARCH="$arch" sh /build/compile.sh \
        >"$root/build/compile.log" 2>&1 || { tail --lines=40 "$root/build/compile.log" >&2; exit 1; }
    cp --recursive "$root/build/wheels" "$wheels"
    touch "$stamp"
fi
