# What the scripts of this folder share. Sourced, with the words SUITE(trixie|bookworm) ARCH(amd64|arm64).
set -euo pipefail
export LC_ALL=C.UTF-8
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
# Chroots belong to root.
if [ "$(id -u)" != 0 ]; then
    exec sudo --preserve-env=VOICED_CACHE,XDG_CACHE_HOME,HOME,SOURCE_DATE_EPOCH,PIP_INDEX_URL,PIP_CERT -- "$0" "$@"
fi

suite=${1:-trixie} native=$(dpkg --print-architecture)
arch=${2:-$native}
case $suite in
    trixie) release=13 ;;
    bookworm) release=12 ;;
    *) echo "There is no package for the suite $suite: say SUITE=trixie or SUITE=bookworm." >&2; exit 2 ;;
esac
case $arch in
    amd64) cpu=x86_64 ;;
    arm64) cpu=aarch64 ;;
    *) echo "There is no package for the machine $arch: say ARCH=amd64 or ARCH=arm64." >&2; exit 2 ;;
esac
cache=${VOICED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/voiced}/package
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$top/daemon/__init__.py")~deb$release
mkdir -p "$cache"

# The one date of everything that is built: that of the last change, not of the build.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -c safe.directory='*' -C "$top" log -1 --format=%ct 2>/dev/null ||
    stat --format=%Y "$top/daemon/__init__.py")}
export SOURCE_DATE_EPOCH

# A new Debian in the folder $1 for the machine $2 (or more, with commas); the rest goes to mmdebstrap. It is made
# in a mount namespace of its own: an interrupted run leaves nothing of this machine mounted below it. What a mirror
# signs counts, not when: it may be a snapshot, and this machine's clock wrong.
new_debian() {
    local root=$1 machines=$2 mirror
    shift 2
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
        grep --extended-regexp '/debian/?$' | sort --unique | head --lines=1 || true)
    wipe "$root"
    unshare --mount --propagation private mmdebstrap --quiet --mode=root --variant=apt --format=directory \
        --architectures="$machines" --components=main \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
        --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$@" "$suite" "$root" "deb ${mirror:-http://deb.debian.org/debian} $suite main"
}

# The Debian that packages are built in, in $root: the suite's Python, and compilers for both machines.
build_debian() {
    "$here/../need.sh" <<END
mmdebstrap       to install a bare Debian into a folder, where packages are built
ca-certificates  to trust the package index
END
    [ ! -e "$root/.ready" ] || return 0
    echo "Installing a Debian $suite that builds packages into $root (1 GB), a minute or two ..."
    local cross=() machines=$native
    if [ "$arch" != "$native" ]; then cross=(--include="crossbuild-essential-$arch") machines=$native,$arch; fi
    # systemd-python asks for libsystemd of this machine when it is downloaded.
    new_debian "$root" "$machines" "${cross[@]}" --dpkgopt='path-exclude=/usr/share/man/*' \
        --include=build-essential,debhelper,lintian,pkg-config,swig,python3-dev,python3-pip,python3-setuptools,python3-wheel \
        --include="libsystemd-dev,libasound2-dev:$arch,libpython3-dev:$arch,libstdc++6:$arch,libsystemd-dev:$arch"
    touch "$root/.ready"
}

# Run a command inside $root, with nothing of this machine's environment. First words VAR=VALUE are given to it.
# The mounts vanish with their namespace. `offline=--net` takes the network away. `sys=/sys` gives it /sys: what that
# says of this machine's processor makes onnxruntime crash under an emulated one. The root is moved over this
# machine's: below it the kernel would give nobody a user namespace, which the sandboxes under test want.
inside() {
    unshare --mount --propagation private ${offline:-} sh -ec '
        mount --bind "$1" "$1"
        cd "$1"
        mount -t proc proc proc
        mount -t devpts devpts dev/pts
        mount -t tmpfs tmpfs dev/shm
        [ -z "$2" ] || mount --rbind "$2" sys
        shift 2
        mount --move . /
        exec env --ignore-environment /usr/sbin/chroot . /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            LC_ALL=C.UTF-8 TZ=UTC "$@"' sh "$root" "${sys:-}" "$@"
}

# Remove a folder, but never through a mount: below a chroot that could be this machine's own /dev.
wipe() {
    if grep --quiet --fixed-strings " $1/" /proc/self/mounts; then
        echo "Something is mounted below $1: unmount it first." >&2
        exit 1
    fi
    rm --recursive --force --one-file-system "$1"
}

# Hold on to what $1 names until the script ends: two builds may not share a chroot at the same time.
alone() {
    exec 9>"$1.lock"
    flock 9
}
