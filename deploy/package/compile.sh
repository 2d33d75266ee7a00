#!/bin/sh
# Inside the chroot: the sources in /build/wheels become wheels for DEB_HOST_ARCH.
# The words of Python's own cross build, Debian's hardening, a fixed path, no debug information.
set -eu
eval "$(dpkg-architecture --host-arch "$DEB_HOST_ARCH" --print-set)"
export DEB_BUILD_MAINT_OPTIONS=hardening=+all
eval "$(dpkg-buildflags --export=sh)"
export CFLAGS="$CFLAGS $CPPFLAGS -g0 -ffile-prefix-map=/build=." LDFLAGS="$LDFLAGS -Wl,-z,now -Wl,-s"
export CC="$DEB_HOST_GNU_TYPE-gcc" LDSHARED="$DEB_HOST_GNU_TYPE-gcc -shared"
export PKG_CONFIG=pkg-config PKG_CONFIG_LIBDIR="/usr/lib/$DEB_HOST_MULTIARCH/pkgconfig:/usr/share/pkgconfig"
export _PYTHON_HOST_PLATFORM="linux-$DEB_HOST_GNU_CPU"
export _PYTHON_SYSCONFIGDATA_NAME="_sysconfigdata__$DEB_HOST_MULTIARCH"

cd /build/wheels
for source in *.tar.gz; do
    tar --extract --file "$source" --directory /build
    (cd "/build/${source%.tar.gz}" && python3 setup.py --quiet bdist_wheel --dist-dir /build/wheels)
    rm "$source"
done
