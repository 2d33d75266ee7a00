"""Our exceptions are one tree, and the docstring of `daemon.errors` prints it as it is."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

from daemon import errors

ROOT = Path(__file__).parents[1]
TYPES = {name: each for name, each in vars(builtins).items() if isinstance(each, type)}
BUILT_IN = {name for name, each in TYPES.items() if issubclass(each, Exception)}


def classes() -> dict[str, list[str]]:
    """Every public class of the daemon, and the names of its bases."""
    found = {}
    for path in (ROOT / "daemon").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name] = [ast.unparse(base) for base in node.bases]
    return found


def printed() -> dict[str, str]:
    """Each error of the docstring's tree, and what it stands below."""
    found, above = {}, [""]
    for line in str(errors.__doc__).splitlines():
        name = line.split()[0] if line.split() else ""
        depth = (len(line) - len(line.lstrip())) // 4
        if name == "VoicedError" or depth:
            above[depth + 1 :] = [name]
            found[name] = above[depth]
    return found


def test_the_tree_that_is_printed_is_the_one_that_there_is() -> None:
    known = classes()
    tree = {"VoicedError": ""}
    while more := {
        name: base for name, bases in known.items() for base in bases if base in tree and name not in tree
    }:
        tree |= more
    assert printed() == tree


def test_no_exception_of_the_daemon_stands_beside_the_tree() -> None:
    beside = {name for name, bases in classes().items() if BUILT_IN & set(bases) and name not in printed()}
    assert not beside
