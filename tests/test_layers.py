"""Imports run downwards only, by the table in `tests/layers.py`; the pure rooms touch nothing outside."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.layers import LAYERS

ROOT = Path(__file__).parents[1]
IMPURE = {
    *("asyncio", "threading", "time", "random", "os", "socket"),
    *("logging", "subprocess", "signal", "pathlib"),
}
PURE = ("daemon.core", "daemon.audio", "daemon.devices", "daemon.realtime")


def module(path: Path) -> str:
    """A file's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module(path): path for room in ("daemon", "hardware") for path in sorted((ROOT / room).rglob("*.py"))
}


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The modules that a file imports, wherever in it; of ours the files themselves."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in SOURCES else str(node.module) for name in names)


def entry(name: str) -> str | None:
    """The longest entry of the table that fits this module."""
    fitting = [each for each in LAYERS if name == each or name.startswith(f"{each}.")]
    return max(fitting, key=len, default=None)


def rooms_of(name: str) -> set[str]:
    """The entries that a module imports from, but for its own."""
    found = {entry(each) for each in imports(SOURCES[name]) if each in SOURCES}
    return {each for each in found if each is not None} - {entry(name)}


@pytest.mark.parametrize("name", [each for each in SOURCES if each.count(".")])
def test_imports_run_downwards(name: str) -> None:
    mine = entry(name)
    if mine is None:  # the docstring of a folder of folders
        assert not imports(SOURCES[name]), "it belongs to no entry of the table"
    else:
        assert rooms_of(name) <= set(LAYERS[mine])


@pytest.mark.parametrize("mine", LAYERS)
def test_nothing_is_listed_that_is_not_imported(mine: str) -> None:
    members = [name for name in SOURCES if entry(name) == mine]
    assert members, "there is no such module"
    assert set().union(*map(rooms_of, members)) == set(LAYERS[mine])


@pytest.mark.parametrize("mine", LAYERS)
def test_each_line_names_only_what_stands_above_it(mine: str) -> None:
    above = list(LAYERS)[: list(LAYERS).index(mine)]
    assert set(LAYERS[mine]) <= set(above)


def test_there_is_no_circle_among_the_files() -> None:
    graph = {name: {each for each in imports(path) if each in SOURCES} for name, path in SOURCES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize("name", [each for each in SOURCES if each.startswith(PURE)])
def test_the_pure_rooms_are_pure(name: str) -> None:
    assert not {each.split(".")[0] for each in imports(SOURCES[name])} & IMPURE


@pytest.mark.parametrize("name", ["daemon.extensions.stub", "daemon.tools.result", "daemon.tools.decorator"])
def test_a_child_pays_for_the_standard_library_alone(name: str) -> None:
    todo, seen = [name], set()
    while todo:
        for each in imports(SOURCES[todo.pop()]):
            assert each.split(".")[0] in (*sys.stdlib_module_names, "daemon"), each
            assert each.split(".")[0] != "asyncio" or name == "daemon.extensions.stub"
            if each in SOURCES and each not in seen:
                seen.add(each)
                todo.append(each)


@pytest.mark.parametrize("name", [each for each in SOURCES if not each.startswith("daemon.commands")])
def test_only_commands_draw(name: str) -> None:
    assert not {each.split(".")[0] for each in imports(SOURCES[name])} & {"rich", "matplotlib"}
