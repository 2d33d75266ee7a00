"""What docstrings name is there: renaming leaves none behind."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [path for room in ("daemon", "hardware") for path in sorted((ROOT / room).rglob("*.py"))]
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(path: Path) -> Iterator[str]:
    nodes = (node for node in ast.walk(TREES[path]) if isinstance(node, DOCUMENTED))
    yield from filter(None, map(ast.get_docstring, nodes))


def known() -> Iterator[str]:
    yield from vars(builtins)
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from (alias.asname or alias.name for alias in node.names)
            elif isinstance(node, ast.Attribute):
                yield node.attr


NAMES = set(known())
FILES = {path.name for room in ("daemon", "hardware", "tests") for path in (ROOT / room).rglob("*.py")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_errors_and_files_that_a_docstring_names_are_there(path: Path) -> None:
    for text in docstrings(path):
        assert set(re.findall(r"\b[A-Z]\w+Error\b", text)) <= NAMES
        assert set(re.findall(r"`([\w]+\.py)`", text)) <= FILES
