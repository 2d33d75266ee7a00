"""Lines of code by room: `python -m tests.bench.lines [TREE]`, of this tree if none is named.

A line counts when a token of code is on it: comments, docstrings and empty lines are no code.
"""

from __future__ import annotations

import ast
import sys
import tokenize
from collections import Counter
from pathlib import Path

ROOMS = ("daemon", "hardware")
_NO_CODE = frozenset(
    {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
        *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER),
    }
)


def lines_of(path: Path) -> int:
    """How many lines of code a file has."""
    with path.open("rb") as file:
        tokens = [each for each in tokenize.tokenize(file.readline) if each.type not in _NO_CODE]
    code = {line for each in tokens for line in range(each.start[0], each.end[0] + 1)}
    return len(code - _docstrings(path))


def _docstrings(path: Path) -> set[int]:
    """The lines of strings that stand alone: docstrings of modules, classes, functions and fields."""
    alone = (
        node
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
    return {line for node in alone for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def main() -> None:
    """Print them."""
    tree = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    rooms: Counter[str] = Counter()
    for path in (path for room in ROOMS for path in sorted(Path(tree, room).rglob("*.py"))):
        rooms[str(path.parent.relative_to(tree))] += lines_of(path)
    for room, lines in rooms.items():
        print(f"{lines:6} {room}")
    print(f"{sum(rooms.values()):6} in all")


if __name__ == "__main__":
    main()
