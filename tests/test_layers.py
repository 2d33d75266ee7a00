"""Imports run downwards only, and the pure ring touches nothing of the outside world."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IMPURE = {
    "asyncio",
    "threading",
    "time",
    "random",
    "os",
    "socket",
    "logging",
    "subprocess",
    "signal",
    "pathlib",
}
PURE = [*sorted((ROOT / "daemon/core").glob("*.py")), ROOT / "daemon/realtime/events.py"]
SOURCES = sorted([*(ROOT / "daemon").rglob("*.py"), *(ROOT / "hardware").rglob("*.py")])


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def begins(name: str, *heads: str) -> bool:
    return any(name == head or name.startswith(f"{head}.") for head in heads)


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PURE, ids=label)
def test_the_pure_ring_is_pure(path: Path) -> None:
    for name in imports(path):
        assert name.split(".")[0] not in IMPURE, name
        if begins(name, "daemon", "hardware"):
            assert begins(name, "daemon.core", "daemon.realtime.events", "hardware.ports"), name


@pytest.mark.parametrize("path", sorted((ROOT / "daemon/extensions").glob("*.py")), ids=label)
def test_extensions_know_only_the_owners_api_and_the_wire(path: Path) -> None:
    light = ("daemon.extensions", "daemon.tools")
    for name in imports(path):
        if begins(name, "daemon", "hardware"):
            assert begins(name, *light, "daemon.realtime.events"), name
        if path.stem in ("stub", "text"):  # what each child pays for
            assert name.split(".")[0] in (*sys.stdlib_module_names, "daemon"), name


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_imports_run_downwards(path: Path) -> None:
    for name in imports(path):
        if label(path).startswith("hardware"):
            assert not begins(name, "daemon"), name
        if label(path).startswith("daemon/brain"):
            allowed = (
                "daemon.brain",
                "daemon.realtime.events",
                "daemon.realtime.codec",
                "daemon.audio.resampler",
                "daemon.audio.pcm",
                "daemon.text.masking",
                "daemon.text.printable",
            )
            assert not begins(name, "hardware"), name
            assert not begins(name, "daemon") or begins(name, *allowed) or name in ("daemon.__version__",), (
                name
            )
        if not label(path).startswith(("daemon/commands", "daemon/__main__")):
            assert not begins(name, "daemon.commands", "rich", "matplotlib"), name
        if not label(path).startswith(("daemon/brain", "daemon/commands", "daemon/__main__")):
            assert not begins(name, "daemon.brain"), name
