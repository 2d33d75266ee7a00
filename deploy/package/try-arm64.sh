#!/bin/bash
# Run the arm64 packages in out/deb under an emulated processor: try-arm64.sh SUITE arm64, after build.sh
#
# A bare Debian for arm64 in a chroot, installed and run by QEMU's user mode: --version, the check of the configuration,
# and the whole demo on a virtual sound card, without a network.
. "$(dirname "$0")/lib.sh"

"$here/../need.sh" <<END
mmdebstrap        to install a bare Debian into a folder
qemu-user-static  to run programs for arm64
arch-test         to let mmdebstrap see that they run
END

# Where no systemd has done so: let the kernel give programs for arm64 to QEMU. F: the interpreter is opened here and
# now, so that a chroot needs none.
binfmt=/proc/sys/fs/binfmt_misc
if [ "$native" != arm64 ] && [ ! -e $binfmt/qemu-aarch64 ]; then
    [ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
    grep --no-filename '^:' /usr/lib/binfmt.d/qemu-aarch64*.conf | head --lines=1 >$binfmt/register
fi
# The processor of the smallest board: what it lacks must not be used. (QEMU's own default is five times slower.)
export QEMU_CPU=cortex-a53

bare=$cache/demo-$suite-$arch
if [ ! -e "$bare/.ready" ]; then
    echo "Installing a Debian $suite for arm64 into $bare, under emulation: ten minutes ..."
    new_debian "$bare" "$arch" --include=ca-certificates,python3,systemd,libasound2-plugins,pulseaudio,pulseaudio-utils
    touch "$bare/.ready"
fi
root=$cache/trial-$suite-$arch
wipe "$root"
cp --archive "$bare" "$root"
mkdir "$root/debs"
cp "$here/run-demo.sh" "$top"/out/deb/voiced*"_${version}_$arch.deb" "$root/debs/"
inside QEMU_CPU=$QEMU_CPU DEBIAN_FRONTEND=noninteractive sh -ec '
    apt-get --quiet=2 update
    apt-get --quiet=2 --yes install /debs/*.deb >/dev/null'
offline=--net inside QEMU_CPU=$QEMU_CPU bash /debs/run-demo.sh "$version"
wipe "$root"
