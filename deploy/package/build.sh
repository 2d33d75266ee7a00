#!/bin/bash
# Build voiced, voiced-brain and voiced-handsfree as Debian packages, into out/deb: build.sh SUITE ARCH
#
# Everything happens in a chroot of the suite, kept in the cache: it has that suite's Python, and compilers for both
# machines. Only the wheels are downloaded; the packages are then built without a network.
. "$(dirname "$0")/lib.sh"
root=$cache/build-$suite-$arch wheels=$cache/wheels-$suite-$arch out=$top/out/deb
alone "$root"

build_debian
. "$here/wheels.sh"

# The source, at the same path for everybody, with modes that do not follow this machine's umask.
wipe "$root/build"
source=$root/build/voiced
mkdir -p "$source"
cp --recursive "$top/daemon" "$top/hardware" "$top/deploy" "$source/"
cp --recursive "$wheels" "$source/wheels"
mv "$source/deploy/debian" "$source/debian"
find "$source" -name __pycache__ -prune -exec rm --recursive {} +
cp "$here/binaries.py" "$source/debian/"
cp "$top/systemd/"voiced* "$source/debian/"
# A second unit of a package bears the package's name before its own.
for unit in service socket; do mv "$source/debian/voiced-tools.$unit" "$source/debian/voiced.voiced-tools.$unit"; done
cp "$top/systemd/60-voiced.rules" "$source/debian/voiced.udev"
cat >"$source/debian/changelog" <<END
voiced ($version) $suite; urgency=medium

  * Release $version; CHANGELOG.md in the source tells what is new.

 -- voiced <voiced@example.org>  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
END
chmod --recursive u=rwX,go=rX "$source"

log=$cache/build-$suite-$arch.log
offline=--net inside SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
    sh -c "cd /build/voiced && dpkg-buildpackage --host-arch $arch --build=binary --unsigned-changes" \
    >"$log" 2>&1 || { tail --lines=60 "$log" >&2; echo "The whole log is $log." >&2; exit 1; }

mkdir -p "$out"
chown --reference="$top" "$top/out" "$out"
for package in voiced voiced-brain voiced-handsfree; do
    deb=${package}_${version}_$arch.deb
    install --mode=644 "$root/build/$deb" "$out/$deb"
    chown --reference="$top" "$out/$deb"
    printf '%s  %s\n' "$(du --human-readable "$out/$deb" | cut --fields=1)" "out/deb/$deb"
done
