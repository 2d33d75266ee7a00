"""Tests use the seams that the product offers: nothing of ours is patched, inherited or reached into.

Found in the syntax trees of `tests/`: names of ours that get another value, classes of the shell that are
inherited, and private members that are reached from outside. What is an entry in a registry is no patch.
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
PATCHERS = (
    *("monkeypatch.setattr", "monkeypatch.delattr", "mock.patch", "mock.patch.object", "patch"),
    *("patch.object", "monkeypatch.setitem(sys.modules)"),
)

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


def imported(tree: ast.Module, ours: bool) -> set[str]:
    """The names that modules come by, and those that are imported from modules of ours."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias for alias in names if alias.name.startswith(OURS) is ours]
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in modules}
            case ast.ImportFrom(module=str(module), names=names) if ours and module.startswith(OURS):
                found |= {alias.asname or alias.name for alias in names}
    return found


def patches(tree: ast.Module) -> Iterator[ast.AST]:
    """Names of ours that get another value, for a while or for good."""
    foreign, own = imported(tree, ours=False), imported(tree, ours=True)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=[target, *rest]):
                how = ast.unparse(func)
                if ast.unparse(target) == "sys.modules" and rest:
                    how, target = f"{how}(sys.modules)", rest[0]
                if how not in PATCHERS:
                    continue
                if isinstance(target, ast.Constant):
                    is_ours = str(target.value).startswith(OURS)
                else:
                    is_ours = ast.unparse(target).partition(".")[0] not in foreign
                if is_ours:
                    yield node
            case ast.Assign(targets=targets):
                changed = [ast.unparse(each) for each in targets if isinstance(each, ast.Attribute)]
                if own & {each.partition(".")[0] for each in changed}:
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


def is_private(name: str) -> bool:
    """Is it meant for its own class or module alone?"""
    return name.startswith("_") and not name.startswith("__")


def reaches(tree: ast.Module) -> Iterator[ast.AST]:
    """`x._name` where x is neither self nor cls, and names of ours that are imported although private."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith(OURS):
                if any(is_private(alias.name) for alias in names):
                    yield node
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                pass
            case ast.Attribute(attr=name) if is_private(name):
                yield node


KINDS: Final[dict[str, Callable[[ast.Module], Iterator[ast.AST]]]] = {
    "patches": patches,
    "heirs": heirs,
    "reaches": reaches,
}
"""How each kind is found."""


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
        for node in KINDS[kind](tree_of(path))
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_none(kind: str) -> None:
    there = found(kind)
    assert not there, "\n".join(there)


@pytest.mark.parametrize("path", EXCEPTIONS)
def test_each_exception_is_needed(path: str) -> None:
    tree = tree_of(ROOT / path)
    assert any(list(find(tree)) for find in KINDS.values())


def test_each_kind_is_seen() -> None:
    tree = ast.parse(
        "import os\n"
        "from daemon.service.appliance import Appliance, _inner\n"
        "import daemon.service as ours\n"
        "class House(Appliance): pass\n"
        "monkeypatch.setattr(os, 'geteuid', int)\n"
        "monkeypatch.setattr('daemon.service.x', 1)\n"
        "mock.patch.object(Appliance, 'run')\n"
        "monkeypatch.setitem(sys.modules, 'lgpio', None)\n"
        "monkeypatch.setitem(sys.modules, 'daemon.service', None)\n"
        "Appliance.run = ours.NAME = house.state = None\n"
        "self._mine, house._theirs, house.__class__\n"
    )
    assert [len(list(find(tree))) for find in KINDS.values()] == [4, 1, 2]
