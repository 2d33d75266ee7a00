"""Tests use the seams that the product offers: what is put in the place of ours only becomes less.

Counted over the syntax trees of `tests/`: names of ours that are patched, classes of the shell that are
inherited, and private members that are reached from outside. Whoever brings a number down lowers it here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("daemon", "hardware", "tests")
PATCHERS = ("monkeypatch.setattr", "mock.patch", "mock.patch.object")

EXCEPTIONS: Final = {
    "tests/conftest.py": "each test stands for a process, and a process hides its secrets for ever",
    "tests/commands/test_arguments.py": "argparse tells what a parser takes by its private members alone",
    "tests/scenarios/soak/gauge.py": "asyncio tells by a private member alone which timers it holds",
    "tests/bench/mutants/plugin.py": "functools has no public name for the type of what `cache` makes",
    "tests/service/test_reconnects.py": "breaks a promise of ours on purpose, and is to notice",
    "tests/scenarios/faults/test_effects.py": "lets parts of the service fail on purpose, one by one",
    "tests/scenarios/faults/test_outage.py": "breaks a promise of ours on purpose, and is to notice",
    "tests/scenarios/faults/test_walk.py": "breaks promises of ours on purpose, and is to notice",
    "tests/scenarios/soak/test_soak.py": "breaks a promise of ours on purpose, and is to notice",
    "tests/scenarios/statespace/inside.py": "the walk tells states apart by all that decides, private or not",
    "tests/scenarios/statespace/bugs.py": "plants bugs in the machine on purpose, which the walk is to find",
}
"""Files that are not counted, and why."""


def patches(tree: ast.Module) -> Iterator[ast.AST]:
    """Names of ours that get another value for a while."""
    foreign = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if not alias.name.startswith(OURS)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in PATCHERS:
            target = node.args[0]
            if isinstance(target, ast.Constant):
                ours = str(target.value).startswith(OURS)
            else:
                ours = ast.unparse(target).partition(".")[0] not in foreign
            if ours:
                yield node


def heirs(tree: ast.Module) -> Iterator[ast.AST]:
    """Classes that inherit from one of the shell's: the service is built from parts instead."""
    shell = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("daemon.service")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and shell & {ast.unparse(base) for base in node.bases}:
            yield node


def reaches(tree: ast.Module) -> Iterator[ast.AST]:
    """`x._name` where x is neither self nor cls."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if name.startswith("_") and not name.startswith("__"):
                yield node


KINDS: Final[dict[str, tuple[Callable[[ast.Module], Iterator[ast.AST]], int]]] = {
    "patches": (patches, 0),
    "heirs": (heirs, 0),
    "reaches": (reaches, 0),
}
"""How each kind is found, and how many there may be."""


@cache
def tree_of(path: Path) -> ast.Module:
    """Parsed once for all kinds."""
    return ast.parse(path.read_text())


def found(kind: str) -> list[str]:
    """Where each of this kind stands."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if str(path.relative_to(ROOT)) not in EXCEPTIONS
        for node in KINDS[kind][0](tree_of(path))
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_no_more_than_there_were(kind: str) -> None:
    there, most = found(kind), KINDS[kind][1]
    assert len(there) <= most, f"{len(there)} {kind}, at most {most}:\n" + "\n".join(there)


@pytest.mark.parametrize("path", EXCEPTIONS)
def test_each_exception_is_needed(path: str) -> None:
    tree = tree_of(ROOT / path)
    assert any(list(find(tree)) for find, _ in KINDS.values())


def test_each_kind_is_seen() -> None:
    tree = ast.parse(
        "import os\n"
        "from daemon.service.appliance import Appliance\n"
        "class House(Appliance): pass\n"
        "monkeypatch.setattr(os, 'geteuid', int)\n"
        "monkeypatch.setattr('daemon.service.x', 1)\n"
        "mock.patch.object(Appliance, 'run')\n"
        "self._mine, house._theirs, house.__class__\n"
    )
    assert [len(list(find(tree))) for find, _ in KINDS.values()] == [2, 1, 1]
