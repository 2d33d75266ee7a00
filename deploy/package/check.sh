#!/bin/bash
# Check the packages in out/deb: check.sh SUITE ARCH, after build.sh
#
# lintian has no complaint; a second build in another folder, under another umask and time zone, gives the same bytes;
# a bare Debian can install, upgrade, remove and purge them.
. "$(dirname "$0")/lib.sh"
root=$cache/build-$suite-$arch
debs=()
for package in voiced voiced-brain voiced-handsfree; do debs+=("$top/out/deb/${package}_${version}_$arch.deb"); done

echo "lintian ..."
alone "$root"
rm --force "$root"/build/*.deb
install --mode=644 "${debs[@]}" "$root/build/"
inside sh -c 'lintian --allow-root --fail-on=error,warning --suppress-tags=initial-upload-closes-no-bugs /build/*.deb'
flock --unlock 9

echo "A second build, elsewhere ..."
elsewhere=$cache/elsewhere-$suite-$arch
wipe "$elsewhere"
(
    umask 077
    mkdir --parents "$elsewhere/tree" "$elsewhere/cache/package"
    cd "$top"
    cp --recursive daemon deploy hardware systemd "$elsewhere/tree/"
    # The wheels are compiled anew; only the Debian with the compilers is the same.
    ln --symbolic "$root" "$elsewhere/cache/package/${root##*/}"
    cd "$elsewhere/tree"
    TZ=Asia/Kathmandu LANG=de_DE.UTF-8 VOICED_CACHE=$elsewhere/cache deploy/package/build.sh "$suite" "$arch" >/dev/null
)
for deb in "${debs[@]}"; do
    cmp "$deb" "$elsewhere/tree/out/deb/${deb##*/}" || {
        echo "Two builds differ. Was the source edited meanwhile? Then do it again." >&2
        exit 1
    }
    sha256sum "$deb"
done
wipe "$elsewhere"

if [ "$arch" = "$native" ]; then
    echo "Install, upgrade, remove, purge on a bare Debian $suite ..."
    bare=$cache/bare-$suite-$arch
    if [ ! -e "$bare/.ready" ]; then
        new_debian "$bare" "$arch"
        touch "$bare/.ready"
    fi
    root=$cache/trial-$suite-$arch
    wipe "$root"
    cp --archive "$bare" "$root"
    mkdir "$root/debs"
    cp "$here/life-cycle.sh" "${debs[@]}" "$root/debs/"
    inside bash /debs/life-cycle.sh "$version"
    wipe "$root"
fi
