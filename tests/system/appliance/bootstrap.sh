#!/bin/sh
# What `make appliance` needs besides deploy/bootstrap.sh: Debian's packages for the emulated machine.
# Done at once when everything is there. Asks for sudo when root has not started it.
set -eu
cd "$(dirname "$0")/../../.."

deploy/need.sh <<END
qemu-system-x86     to emulate a machine
qemu-system-data    to boot it
seabios             to boot it
qemu-utils          to give it a disk that can be thrown away
mmdebstrap          to install a bare Debian into a folder
e2fsprogs           to make a disk of that folder
zstd                to pack its first RAM disk
END
