#!/bin/sh
# Into the fresh system: simulated pins, a looped sound card, the agent. customize.sh ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1

echo appliance >"$root/etc/hostname"
echo '127.0.0.1 localhost appliance' >"$root/etc/hosts"
mkdir -p "$root/rig"
cat >"$root/etc/fstab" <<END
/dev/vda / ext4 defaults,noatime,errors=remount-ro 0 1
rig /rig 9p trans=virtio,version=9p2000.L,msize=262144,cache=readahead,nofail 0 0
END
chroot "$root" passwd --quiet --delete root

# Journals outlive a power cut only on the disk.
mkdir -p "$root/var/log/journal"

cp -r "$here/overlay/." "$root/"
chroot "$root" systemctl --quiet enable rig-pins.service rig-agent.service
# Daily chores of Debian would be the noise in what an idle machine writes.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer \
    fstrim.timer dpkg-db-backup.timer

# A machine without a screen and without a person at its console: each process costs under emulation.
chroot "$root" systemctl --quiet mask getty.target modprobe@drm.service modprobe@efi_pstore.service \
    modprobe@fuse.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount

# Chores of a first boot: what they make is made with the image.
for unit in ldconfig systemd-hwdb-update systemd-journal-catalog-update systemd-firstboot; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit.service"
done

# What systemd runs at each of its reloads to find units of hardware and services that this machine has not.
mkdir -p "$root/etc/systemd/system-generators"
for generator in getty gpt-auto hibernate-resume rc-local run ssh system-update sysv tpm2; do
    ln -s /dev/null "$root/etc/systemd/system-generators/systemd-$generator-generator"
done

# No power fails while apt works, and to wait for the disk after each of a package's files takes its time.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/appliance"

cp "$here/gpio-sim.sh" "$root/tmp/"
chroot "$root" sh /tmp/gpio-sim.sh
rm "$root/tmp/gpio-sim.sh"
