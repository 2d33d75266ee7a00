#!/bin/bash
# Debian packages that ours want and the bare system lacks, for a machine without a network:
# pantry.sh ROOT OUTDIR PACKAGE.deb ..., as root. ROOT is the folder of build.sh.
set -euo pipefail
root=$(realpath "$1")
out=$(realpath -m "$2")
shift 2
mkdir -p "$out" "$root/tmp/ours"
cp "$@" "$root/tmp/ours/"
cp --dereference /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" sh -c '
    apt-get -qq update
    apt-get -qq -o Dpkg::Use-Pty=0 clean
    apt-get -qq -o APT::Sandbox::User=root -o APT::Install-Recommends=true \
        install --yes --download-only /tmp/ours/*.deb' >/dev/null
mv "$root"/var/cache/apt/archives/*.deb "$out/"
rm -r "$root/tmp/ours"
for package in "$out"/*.deb; do
    dpkg-deb --field "$package"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$package")" \
        "$(stat --format=%s "$package")" "$(sha256sum "$package" | cut -d" " -f1)"
done >"$out/Packages"
