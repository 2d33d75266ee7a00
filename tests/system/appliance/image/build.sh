#!/bin/bash
# A bare Debian 13 for the emulated machine, with the hardware that QEMU lacks: build.sh OUTDIR, as root.
#
# Makes OUTDIR/{vmlinuz,initrd,disk.raw,root}. Nothing of voiced is in it. Python is, as on every Raspberry Pi: to
# compile its library takes minutes under emulation.
set -euo pipefail
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$(realpath -m "${1:?build.sh OUTDIR}")
root=$out/root

# The machine's own mirror. An interrupted run must not leave /proc or /dev of ours mounted below $root:
# everything happens in a mount namespace of its own.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | sort -u | head -n1)
mkdir -p "$out"
unshare --mount --propagation private mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='Acquire::Check-Date "false"' \
    --aptopt='Apt::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook="$here/initramfs.sh"' "$1"' \
    --include=systemd-sysv,dbus,udev,kmod,linux-image-amd64,initramfs-tools,zstd \
    --include=alsa-utils,ca-certificates,python3,sudo,procps,iproute2 \
    --customize-hook="$here/customize.sh"' "$1"' \
    trixie "$root" "deb $mirror trixie main"

cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
cp "$root"/boot/initrd.img-* "$out/initrd"
truncate --size=3G "$out/disk.raw"
mke2fs -q -t ext4 -d "$root" "$out/disk.raw"
