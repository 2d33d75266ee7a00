"""What the machine is made of: a bare Debian, built once and cached, and the packages to install on it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.system.appliance.machine import BOOT_S, Kernel, Machine, hardware

HERE: Final = Path(__file__).parent
RECIPE: Final = HERE / "image"
_PANTRY: Final = RECIPE / "pantry.sh"
_RELATIONS: Final = ("Depends", "Pre-Depends", "Recommends")


@dataclass(frozen=True)
class Image:
    """A bare system: its kernel, its raw disk that nobody writes to, and the same as a folder."""

    kernel: Kernel
    disk: Path
    root: Path


@dataclass(frozen=True)
class Frozen:
    """A folder with a machine that stands still: its memory, and the disk that belongs to it."""

    place: Path

    @property
    def disk(self) -> Path:
        """Nobody may write to it: machines that are woken have an overlay each."""
        return self.place / "disk.qcow2"

    @property
    def memory(self) -> Path:
        """It is written last."""
        return self.place / "memory"

    def clear(self) -> Path:
        """Nothing is in it any more; where its disk will be."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        return self.disk


def cache() -> Path:
    """Where built things outlive a clean tree."""
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("VOICED_CACHE") or Path(users) / "voiced") / "appliance"


def bare_debian() -> Image:
    """The image of this recipe, built if it is not in the cache. Some minutes, then."""
    files = sorted(path for path in RECIPE.rglob("*") if path.is_file() and path != _PANTRY)
    place = cache() / f"image-{_key(_contents(files))}"
    if not place.is_dir():
        _make(place, [str(RECIPE / "build.sh")])
    return Image(Kernel(place / "vmlinuz", place / "initrd"), place / "disk.raw", place / "root")


def booted(image: Image) -> Frozen:
    """The bare machine when it has booted; booted if it is not in the cache."""
    place = cache() / f"booted-{_key([image.root.parent.name, hardware()])}"
    if not (frozen := Frozen(place)).memory.exists():
        disk = overlay(image.disk, frozen.clear())
        with tempfile.TemporaryDirectory(prefix="voiced-booting-") as work:
            machine = Machine(image.kernel, disk, Path(work), place / "console")
            try:
                machine.boot()
                machine.call("systemctl is-system-running --wait", BOOT_S)
                machine.freeze(frozen.memory)
            finally:
                machine.close()
    return frozen


def pantry(image: Image, packages: Iterable[Path]) -> Path:
    """A folder that apt can install the packages' dependencies from; fetched when they have changed."""
    packages = sorted(packages)
    wanted = [_field(package, name) for package in packages for name in _RELATIONS]
    place = cache() / f"pantry-{_key([image.root.parent.name, _PANTRY.read_text(), *wanted])}"
    if not place.is_dir():
        _make(place, [str(_PANTRY), str(image.root)], *map(str, packages))
    return place


def debs(folder: Path) -> list[Path]:
    """The newest of each of our packages in a folder. Raises FileNotFoundError."""
    newest: dict[str, Path] = {}
    for path in sorted(folder.glob("voiced*~deb13_amd64.deb"), key=lambda path: path.stat().st_mtime):
        newest[path.name.split("_")[0]] = path
    if "voiced" not in newest:
        raise FileNotFoundError(
            f"there is no voiced_*~deb13_amd64.deb in {folder}: make deb SUITE=trixie ARCH=amd64"
        )
    return list(newest.values())


def installed(image: Image, packages: Iterable[Path]) -> Frozen:
    """Where the machine is kept that has these packages; those with others are removed."""
    contents = [hashlib.sha256(package.read_bytes()).hexdigest() for package in sorted(packages)]
    place = cache() / f"installed-{_key([image.root.parent.name, hardware(), *contents])}"
    for other in cache().glob("installed-*/"):
        if other != place:
            shutil.rmtree(other)
    return Frozen(place)


def overlay(base: Path, disk: Path) -> Path:
    """A disk that begins like `base` and remembers what is written, without touching the base."""
    kind = "raw" if base.suffix == ".raw" else "qcow2"
    disk.unlink(missing_ok=True)
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", str(base.resolve()), str(disk)]
    subprocess.run(command, check=True)
    return disk


def _make(place: Path, command: list[str], *more: str) -> None:
    """Run a recipe as root into a folder beside `place`, which is there whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    growing = place.with_suffix(".growing")
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    # What an interrupted run has left holds no mounts: the recipe mounts in a namespace of its own.
    subprocess.run([*sudo, "rm", "-rf", "--one-file-system", str(growing)], check=True)
    subprocess.run([*sudo, *command, str(growing), *more], check=True, stdout=subprocess.DEVNULL)
    shutil.move(growing, place)


def _contents(files: Iterable[Path]) -> list[str]:
    return [f"{path.relative_to(RECIPE)} {path.stat().st_mode:o} {path.read_text()}" for path in files]


def _field(package: Path, name: str) -> str:
    command = ["dpkg-deb", "--field", str(package), name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _key(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
