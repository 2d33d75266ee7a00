"""Hints of all kinds, put together at random: refused at load, or offered as they are checked."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from daemon.tools import Tool, ToolDefinitionError
from daemon.tools.hints import parameters
from tests.scenarios.fuzz.inputs import LARGE_BYTES, conforming, warped
from tests.scenarios.fuzz.meter import Meter, promised
from tests.scenarios.fuzz.schemas import complaint, strict

_IMPORTS: Final = """
import decimal, math, uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import *
from daemon.tools import Range
from tests.scenarios.fuzz.owner import *
"""
_KNOWN: Final[dict[str, Any]] = {"__name__": "owner"}
exec(_IMPORTS, _KNOWN)
_PLAIN: Final = (
    *("int", "float", "str", "bool", "date", "time", "datetime", "Colour", "Level", "Place", "Step", "Plan"),
    *("Percent", "None", "Any", "object", "list", "dict", "tuple", "set", "bytes", "complex", "uuid.UUID"),
    *("decimal.Decimal", "Bits", "Odd", "Endless", "Loose", "T", "type", "Nowhere", "3", "Never", "Self"),
)
_NOTES: Final = ("'Words.'", "5", "Range", "(1, 30)", "Range(1, 30), 5")
_KEYS: Final = ("str", "str", "Colour", "int", "Literal['a', 'b']")
_HOLDERS: Final = ("list", "list", "set", "frozenset", "Sequence", "Mapping", "List", "Iterable", "Final")
_LITERALS: Final = ("'a'", "'A'", "'b c'", "1", "2", "-1", "True", "None", "b'a'", "''", "'1'", "Colour.RED")
_BOUNDS: Final = (
    "0",
    "1",
    "30",
    "-1",
    "0.5",
    "2.5",
    "math.inf",
    "-math.inf",
    "math.nan",
    "True",
    "10**400",
    "'1'",
    "None",
)
_DEFAULTS: Final = (
    "None",
    "0",
    "3",
    "2.5",
    "True",
    "'a'",
    "[]",
    "()",
    "{}",
    "Colour.RED",
    "Plan('a')",
    "time(7)",
    "...",
)


class Hints:
    """The input is the text of a tool file."""

    name = "hints"

    def make(self, rng: Random, large: bool) -> bytes:
        """A function of a few parameters, or of a great many."""
        count = LARGE_BYTES // 40 if large else rng.randint(1, 3)
        hints = [_hint(rng, 0) for _ in range(min(count, 50))]
        parameters = [f"p{n}: {hints[n % len(hints)]}" for n in range(count)]
        if rng.random() < 0.5:
            parameters[-1] += f" = {rng.choice(_DEFAULTS)}"
        later = "from __future__ import annotations\n" if rng.random() < 0.3 else ""
        return f'{later}def it({", ".join(parameters)}):\n    "Do it."\n'.encode()

    def run(self, data: bytes, meter: Meter) -> None:
        """Raises ToolDefinitionError for what is refused; what is offered is what is checked."""
        rng = Random(data)
        tool = _loaded(data, meter)
        if tool is None:
            return
        problem = strict(tool.parameters)
        promised(not problem, problem)
        for _ in range(10):
            value = conforming(rng, tool.parameters, {})
            _agree(tool, warped(rng, value) if rng.random() < 0.7 else value)


def _loaded(source: bytes, meter: Meter) -> Tool | None:
    """The tool, or None where it is refused; a hint that Python itself refuses is no hint."""
    names = dict(_KNOWN)
    try:
        exec(compile(source, "owner.py", "exec", dont_inherit=True), names)
    except Exception:  # Python's own, before there is a function
        return None
    try:
        with meter():
            return Tool(names["it"])
    except ToolDefinitionError as error:
        promised(str(error).startswith("it: "), f"{error} does not name the tool")
        return None


def _agree(tool: Tool, value: Any) -> None:
    """What the schema refuses in a value as it is, the check refuses, and the other way round."""
    text = json.dumps(value)
    refusal = complaint(tool.parameters, value)
    try:
        parameters(tool.function, {}).take(json.loads(text), exact=True)
    except ValueError as error:
        promised(bool(refusal) or _finer(str(error)), f"{text} fits the schema, and is refused: {error}")
    else:
        promised(not refusal or "None" in refusal, f"{text} is taken, though {refusal}")


def _finer(refusal: str) -> bool:
    """Some refusals are about what JSON Schema cannot say."""
    return any(words in refusal for words in ("ISO 8601", "surrogate", "too large", "got int", "got float"))


def _hint(rng: Random, depth: int) -> str:
    if depth > 4 or rng.random() < 0.3:
        return rng.choice(_PLAIN[:13] if rng.random() < 0.8 else _PLAIN)
    inside = _hint(rng, depth + 1)
    match rng.randrange(9):
        case 0:
            return f"Annotated[{inside}, Range({rng.choice(_BOUNDS[:6])}, {rng.choice(_BOUNDS)})]"
        case 1:
            return f"Annotated[{inside}, {rng.choice(_NOTES)}]"
        case 2:
            return f"Union[{inside}, {_hint(rng, depth + 1)}]"
        case 3:
            return f"Optional[{inside}]"
        case 4:
            return f"Literal[{', '.join(rng.sample(_LITERALS, rng.randint(1, 3)))}]"
        case 5:
            return f"dict[{rng.choice(_KEYS)}, {inside}]"
        case 6:
            return f"tuple[{inside}, {rng.choice(('...', inside, 'int'))}]"
        case 7:
            return f'"{inside}"' if '"' not in inside else inside
        case _:
            return f"{rng.choice(_HOLDERS)}[{inside}]"
