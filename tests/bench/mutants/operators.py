"""The small faults: what becomes of one node of a syntax tree, and where in a file there are such nodes.

Left alone is what no behaviour hangs on: hints, docstrings, texts, decorators, and `assert_never`.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.Pow: ast.Mult,
}  # fmt: skip
_IDLE: Final = ("annotation", "returns", "decorator_list", "bases", "type_params")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)

Scope: TypeAlias = str
Put: TypeAlias = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutant:
    """One fault in one place; `scope` is the qualified name of its function, or of its class."""

    path: str
    scope: Scope
    line: int
    number: int
    """Which of the file's mutants it is, counted along the tree."""
    name: str
    """Stays when other parts of the file change: by it a mutant is sampled, and called equivalent."""

    def draw(self, seed: int) -> str:
        """Its lot: the sample is those with the smallest, so that a change elsewhere draws no other ones."""
        return hashlib.sha256(f"{seed} {self.name}".encode()).hexdigest()


@dataclass(frozen=True)
class _Fault:
    scope: Scope
    old: ast.AST
    new: ast.AST
    put: Put


def mutants(path: Path, root: Path) -> list[Mutant]:
    """All mutants of a file."""
    file = path.relative_to(root).as_posix()
    seen: dict[str, int] = {}
    found = []
    for number, fault in enumerate(_faults(ast.parse(path.read_text()), "", False)):
        change = f"{_first_line(fault.old)} -> {_first_line(fault.new)}"
        name = f"{file} {fault.scope or 'module'}: {change}"
        seen[name] = seen.get(name, 0) + 1
        name += f" (#{seen[name]})" if seen[name] > 1 else ""
        found.append(Mutant(file, fault.scope, getattr(fault.old, "lineno", 0), number, name))
    return found


def mutated(source: str, number: int) -> ast.Module:
    """The tree of this source with one of its faults."""
    tree = ast.parse(source)
    fault = list(_faults(tree, "", False))[number]
    fault.put(fault.new)
    return ast.fix_missing_locations(tree)


def _first_line(node: ast.AST) -> str:
    line = ast.unparse(node).partition("\n")[0]
    return line if len(line) <= 80 else f"{line[:77]}..."


def _faults(node: ast.AST, scope: Scope, in_function: bool) -> Iterator[_Fault]:
    for field, value in ast.iter_fields(node):
        if field in _IDLE or (field == "keywords" and isinstance(node, ast.ClassDef)):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_idle(child):
                continue
            put = _putter(node, field, index if isinstance(value, list) else None)
            for new in _replaced(child, field, in_function):
                yield _Fault(scope, child, new, put)
            yield from _faults(child, _inner(scope, child, in_function), in_function or _is_function(child))


def _putter(node: ast.AST, field: str, index: int | None) -> Put:
    def put(new: ast.AST) -> None:
        if index is None:
            setattr(node, field, new)
        else:
            getattr(node, field)[index] = new

    return put


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, _FUNCTIONS)


def _inner(scope: Scope, node: ast.AST, in_function: bool) -> Scope:
    if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return scope
    return f"{scope}{'.<locals>' * in_function}{'.' * bool(scope)}{node.name}"


def _is_idle(node: ast.AST) -> bool:
    match node:
        case ast.AnnAssign(annotation=ast.Name("TypeAlias")):
            return True
        case ast.Expr(ast.Constant()) | ast.Expr(ast.Call(func=ast.Name("assert_never"))):
            return True
    return False


def _replaced(node: ast.AST, field: str, in_function: bool) -> Iterator[ast.AST]:
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                operators = [*node.ops[:index], _COMPARED[type(operator)](), *node.ops[index + 1 :]]
                yield ast.Compare(node.left, operators, node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(ast.Not() | ast.USub()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _COMPUTED:
            yield ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(number)):
            yield ast.Constant(number + 1)
        case ast.Constant(float(number)):
            yield ast.Constant(number * 2 or 1.0)
        case ast.Return(ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Name() | ast.Attribute() | ast.Call() | ast.NamedExpr() if field == "test":
            yield ast.UnaryOp(ast.Not(), node)
        case ast.stmt() if in_function and _may_be_dropped(node):
            yield ast.Pass()


def _may_be_dropped(node: ast.stmt) -> bool:
    """Not what gives a local its name: any test notices a NameError."""
    match node:
        case ast.Assign(targets=[ast.Name()]):
            return False
        case ast.Assign() | ast.AugAssign() | ast.Raise() | ast.Delete() | ast.Continue() | ast.Break():
            return True
        case ast.Expr(ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
            return True
        case ast.Return(None):
            return True
    return False
