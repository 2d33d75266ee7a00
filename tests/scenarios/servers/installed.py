"""What a server needs, installed once into a folder of its own and kept there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def _run(log: Path, *command: str | Path) -> None:
    with log.open("ab") as file:
        done = subprocess.run([str(word) for word in command], stdout=file, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed; its words are at the end of {log}.")


def _is_there(folder: Path, wanted: Sequence[str]) -> bool:
    """Has just this been installed?"""
    stamp = folder / "installed.txt"
    return stamp.exists() and stamp.read_text().split() == list(wanted)


def _note(folder: Path, wanted: Sequence[str]) -> None:
    folder.joinpath("installed.txt").write_text("\n".join(wanted) + "\n")


def python_packages(folder: Path, *steps: Sequence[str]) -> Path:
    """A virtual environment with these packages, one step after the other; returns its interpreter.

    A word of a step that begins with a dash is an option of pip's.
    """
    python, wanted = folder / "venv/bin/python", [word for step in steps for word in step]
    if not _is_there(folder, wanted):
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "install.log"
        if not python.exists():
            _run(log, sys.executable, "-m", "venv", folder / "venv")
        for step in steps:
            _run(log, python, "-m", "pip", "install", "--disable-pip-version-check", *step)
        _note(folder, wanted)
    return python


def node_packages(folder: Path, *packages: str) -> Path:
    """Packages of npm; returns the folder that has their programs."""
    if not _is_there(folder, packages):
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.which("npm") is None:
            raise RuntimeError("npm is missing; install Node.js 20 or newer.")
        npm: list[str | Path] = ["npm", "install", "--no-fund", "--no-audit", "--prefix", folder, *packages]
        _run(folder / "install.log", *npm)
        _note(folder, packages)
    return folder / "node_modules/.bin"
