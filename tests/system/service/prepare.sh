# The first process of the machine: puts the service where its package would, then becomes systemd.
# All that it writes goes into memory; below is the host's own root, which nobody can write to from here.
set -eu
rm -rf /etc/systemd/system/* /var/log/journal /usr/lib/voiced /etc/voiced
: >/etc/fstab
cd /srv/voiced/source/systemd
cp ./*.service ./*.socket /usr/lib/systemd/system/
cp voiced.sysusers /usr/lib/sysusers.d/voiced.conf
cp voiced.tmpfiles /usr/lib/tmpfiles.d/voiced.conf
/usr/bin/python3 -m venv --without-pip /usr/lib/voiced
for site in /usr/lib/voiced/lib/python3*/site-packages; do
    printf '%s\n' /srv/voiced/source /srv/voiced/packages >"$site/voiced.pth"
done
cat >/usr/lib/voiced/bin/voiced <<END
#!/usr/lib/voiced/bin/python3
import sys
from daemon.__main__ import main
sys.exit(main())
END
chmod 755 /usr/lib/voiced/bin/voiced
mkdir -p /etc/voiced
cat >/etc/voiced/voiced.toml <<END
[brain]
address = "unix:/run/voiced-brain.sock"
[button]
pin = 17
[devices.lamp]
kind = "led"
pin = 22
END
touch /voiced-test-machine
exec /usr/lib/systemd/systemd systemd.unit=basic.target
