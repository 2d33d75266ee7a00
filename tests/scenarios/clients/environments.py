"""Each client's own environment, made where it is missing or its pins have changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HOME = Path("out/clients")
DRIVERS = Path(__file__).parent / "drivers"
_PINS = "pins.txt"


class NodeMissing(RuntimeError):  # noqa: N818 (named after what to install)
    """There is no Node, and it could not be installed."""


@dataclass(frozen=True)
class Python:
    """A virtual environment with these packages from PyPI."""

    name: str
    pins: tuple[str, ...]

    def prepare(self) -> None:
        """Make it, if need be."""
        folder = HOME / self.name
        if _is_ready(folder, self.pins):
            return
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *self.pins]
        subprocess.run(pip, check=True)
        _note(folder, self.pins)

    def command(self, driver: str) -> list[str]:
        """How a driver is started in it."""
        return [str((HOME / self.name / "bin" / "python").absolute()), "-W", "ignore", str(DRIVERS / driver)]


@dataclass(frozen=True)
class Node:
    """A folder with these packages from npm; the drivers are copied beside them, as Node wants it."""

    name: str
    pins: tuple[str, ...]

    def prepare(self) -> None:
        """Make it, if need be."""
        folder = HOME / self.name
        if not _is_ready(folder, self.pins):
            _install_node()
            folder.mkdir(parents=True, exist_ok=True)
            npm = [
                "npm",
                "install",
                "--prefix",
                str(folder),
                "--no-audit",
                "--no-fund",
                "--silent",
                *self.pins,
            ]
            subprocess.run(npm, check=True)
            _note(folder, self.pins)
        for module in DRIVERS.glob("*.mjs"):
            shutil.copy(module, folder)

    def command(self, driver: str) -> list[str]:
        """How a driver is started in it; the runtime's WebSocket waits behind a flag before Node 22."""
        return [
            "node",
            "--experimental-websocket",
            "--no-warnings",
            str((HOME / self.name / driver).absolute()),
        ]


def _install_node() -> None:
    if shutil.which("node") and shutil.which("npm"):
        return
    done = subprocess.run(["apt-get", "install", "--yes", "--quiet", "nodejs", "npm"])
    if done.returncode:
        raise NodeMissing("Node is missing and could not be installed: sudo apt install nodejs npm.")


def _is_ready(folder: Path, pins: tuple[str, ...]) -> bool:
    noted = folder / _PINS
    return noted.exists() and noted.read_text(encoding="utf-8") == "\n".join(pins)


def _note(folder: Path, pins: tuple[str, ...]) -> None:
    (folder / _PINS).write_text("\n".join(pins), encoding="utf-8")
