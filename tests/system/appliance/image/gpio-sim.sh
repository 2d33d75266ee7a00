#!/bin/sh
# Inside the new system: Debian's kernel has no gpio-sim, so it is built from Debian's own kernel source.
set -eu
export DEBIAN_FRONTEND=noninteractive
kernel=$(basename /lib/modules/*)
series=$(echo "$kernel" | cut -d. -f1,2)
tools="gcc libc6-dev make bzip2 xz-utils linux-headers-$kernel"
apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $tools >/dev/null

mkdir /tmp/gpio-sim
cd /tmp/gpio-sim
chown _apt .
apt-get -qq download "linux-source-$series"
dpkg-deb --fsys-tarfile linux-source-*.deb |
    tar xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dcT0 |
    tar x --strip-components=1 --wildcards \
        '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/gpiolib.h' '*/kernel/irq/irq_sim.c'
mv drivers/gpio/* .
# irq_sim belongs to the kernel proper; as a module it needs a licence and a function that is exported.
{
    sed 's/irq_to_desc(irqnum)/irq_data_to_desc(irq_get_irq_data(irqnum))/' kernel/irq/irq_sim.c
    printf '#include <linux/module.h>\nMODULE_DESCRIPTION("irq_sim");\nMODULE_LICENSE("GPL");\n'
} >irq_sim_ext.c
echo 'obj-m := gpio-sim.o irq_sim_ext.o' >Kbuild
make -s -C "/lib/modules/$kernel/build" "M=$PWD" modules
mkdir -p "/lib/modules/$kernel/updates"
cp ./*.ko "/lib/modules/$kernel/updates/"
depmod "$kernel"

cd /
rm -rf /tmp/gpio-sim
apt-get -qq -o Dpkg::Use-Pty=0 purge -y --autoremove $tools >/dev/null
