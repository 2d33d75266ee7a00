#!/bin/bash
# Run the tests that a board's own system matters to, under the Python of SUITE: test.sh SUITE ARCH
#
# In a copy of the Debian that the packages are built in. What deploy/bootstrap.sh installs there stays in the cache.
. "$(dirname "$0")/lib.sh"
root=$cache/build-$suite-$arch
alone "$root"
build_debian
copy=$cache/test-$suite-$arch
if [ ! -e "$copy/.copied" ]; then
    wipe "$copy"
    cp --archive "$root" "$copy"
    touch "$copy/.copied"
fi
root=$copy
alone "$root"

# The source in a home that only root may enter, as a newcomer's clone is; without what was made in it.
tree=$root/root/voiced
mkdir --parents "$tree"
find "$tree" -mindepth 1 -maxdepth 1 ! -name .venv -exec rm --recursive {} +
(
    cd "$top"
    cp --recursive --preserve=mode,timestamps .ci daemon deploy hardware systemd tests ./*.md LICENSE Makefile \
        pyproject.toml "$tree/"
)
cp "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$root/root/ca.crt"
sys=/sys inside PIP_CERT=/root/ca.crt PIP_NO_CACHE_DIR=1 ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} sh -ec '
    cd /root/voiced
    deploy/bootstrap.sh
    exec .venv/bin/pytest --ignore=tests/scenarios'
