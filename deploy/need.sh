#!/bin/sh
# Debian packages that must be there. Reads lines "PACKAGE  why voiced needs it", says what is missing and installs
# it; done at once when nothing is. Asks for sudo when root has not started it.
set -eu

# What apt says is shown on a terminal only; errors are shown always.
if [ -t 1 ]; then exec 3>&1; else exec 3>/dev/null; fi

installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
missing=""
while read -r package reason; do
    if ! echo "$installed" | grep -qx "$package"; then
        missing="$missing $package"
        printf 'voiced needs the Debian package %-18s %s\n' "$package" "$reason"
    fi
done
[ -n "$missing" ] || exit 0

root=""
[ "$(id -u)" = 0 ] || root=sudo
echo "Installing these packages${root:+ with $root}, some minutes ..."
# An update that fails does not matter if the packages can be had all the same. Nothing is ever removed.
# The lock is waited for: somebody else may be installing.
$root sh -c "apt-get --quiet update
    DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet --yes --no-remove --no-install-recommends -o DPkg::Lock::Timeout=300 install$missing" >&3 || {
    printf '%s\n' "Become root and do: apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 2
}
