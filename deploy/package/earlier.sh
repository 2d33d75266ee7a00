#!/bin/sh
# Build the packages of an earlier commit by its own recipe, into out/deb/VERSION: earlier.sh COMMIT [SUITE [ARCH]]
set -eu
cd "$(dirname "$0")/../.."
commit=$1
shift
git() { command git -c safe.directory='*' "$@"; }
git cat-file -e "$commit^{commit}" 2>/dev/null || {
    echo "There is no commit $commit here: get the whole history by git fetch --unshallow." >&2
    exit 2
}

tree=out/earlier
rm -rf --one-file-system "$tree"
mkdir -p "$tree"
git archive "$commit" daemon deploy hardware systemd | tar --extract --directory "$tree"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit") "$tree/deploy/package/build.sh" "$@"
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$tree/daemon/__init__.py")
mkdir -p "out/deb/$version"
mv "$tree"/out/deb/*.deb "out/deb/$version/"
rm -rf --one-file-system "$tree"
