"""Tools: typed functions that the model may call.

    @tool
    def water_plants(seconds: Annotated[int, Range(1, 30), "How long the valve is open"]) -> str:
        \"\"\"Open the valve for the given time.\"\"\"

The schema that the model sees, the check of what it sends, and the error that it reads all come from the
hints. What goes wrong is one of:

    ToolError                   raised by a tool: its text is what the model reads
     +- BadCallError            the model's fault: no such tool, or arguments that do not fit
     +- ToolDefinitionError     ours: a function that cannot be a tool
         +- ToolFileError       the owner's: a file in tools.d that cannot be used
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any, TypeVar, overload

from daemon.errors import VoicedError
from daemon.tools.hints import HintError, parameters
from daemon.tools.kinds import MisfitError, shown

TIMEOUT_S = 10.0
MAX_TIMEOUT_S = 60.0
"""After this the turn goes on without the tool."""
MAX_ARGUMENTS = 64 * 1024
"""In characters: more than a model writes in one answer, and few enough to check on the loop."""
_SPACE = "\ufeff \r\n\t"
_FENCE = "`~"
_LANGUAGE = re.compile(r'[^\s{["]*\s*')
_MAX_DIGITS = 400

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "voiced_tool"


class ToolError(VoicedError):
    """Raise it in a tool: the model reads the text."""


class BadCallError(ToolError):
    """The model called a tool that does not exist, or with arguments that do not fit."""


class ToolDefinitionError(ToolError):
    """A function cannot be a tool; `remedy` is what to write instead."""

    def __init__(self, problem: str, remedy: str, mark: str = ", ") -> None:
        super().__init__(f"{problem}{mark}{remedy}")
        self.problem, self.remedy = problem, remedy


class Tool:
    """A function with its name, description, schema and time limit.

    `choices` gives parameters values that are known only at run time. Raises ToolDefinitionError.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None = None,
        timeout_s: float = TIMEOUT_S,
        choices: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.function = function
        self.name = name or str(getattr(function, "__name__", "a tool"))
        self.timeout_s = timeout_s
        self.description = inspect.getdoc(function) or ""
        self._check()
        try:
            self._arguments = parameters(function, choices or {})
        except HintError as error:
            raise ToolDefinitionError(f"{self.name}: {error.problem}", error.remedy) from error
        self.parameters = self._arguments.schema()
        if _is_broken(self.schema()):
            problem = f"{self.name}: there is half a character (a lone surrogate) in its texts"
            raise ToolDefinitionError(problem, "write it whole")

    def _check(self) -> None:
        problem = remedy = ""
        if not isinstance(self.function, FunctionType | MethodType) or _yields(self.function):
            problem, remedy = "only a function can be a tool", "write def and return"
        elif not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.name):
            problem, remedy = "a tool's name is letters, digits, _ and -, at most 64", "rename it"
        elif not self.description:
            problem, remedy = "it has no docstring", "write one, it tells the model when to call"
        elif type(self.timeout_s) not in (int, float) or not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            problem = f"timeout_s is {self.timeout_s!r}"
            remedy = f"write seconds above 0 and up to {MAX_TIMEOUT_S:g}"
        if problem:
            raise ToolDefinitionError(f"{self.name}: {problem}", remedy)

    def schema(self) -> dict[str, Any]:
        """The schema for `session.update`."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }

    def arguments(self, arguments_json: str) -> dict[str, Any]:
        """Decode and check the model's arguments; missing ones stay missing. Raises BadCallError."""
        try:
            given: dict[str, Any] = self._arguments.take(self._decoded(arguments_json), exact=False)
        except MisfitError as error:
            raise BadCallError(f"{self.name}: {error}.") from None
        return given

    def _decoded(self, arguments_json: str) -> Any:
        """Decode JSON, also in a code fence or a string; empty text means no arguments."""
        if len(arguments_json) > MAX_ARGUMENTS:
            raise MisfitError(f"the arguments are longer than {MAX_ARGUMENTS} characters")
        bare = _unfenced(arguments_json.strip(_SPACE))
        decoded = self._json(bare) if bare or self.parameters["required"] else None
        if isinstance(decoded, str) and (inner := _unfenced(decoded.strip(_SPACE))).startswith("{"):
            decoded = self._json(inner)
        nothing = decoded in (None, "") and not self.parameters["required"]
        return {} if nothing else decoded

    def _json(self, text: str) -> Any:
        try:
            return json.loads(
                text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole_number
            )
        except MisfitError:
            raise
        except (ValueError, RecursionError) as error:
            raise BadCallError(f"{self.name}: the arguments are not valid JSON ({error}).") from None


def _unfenced(text: str) -> str:
    """The contents of a code fence."""
    if not text.startswith(tuple(_FENCE)):
        return text
    inside = text.strip(_FENCE + _SPACE)
    language = _LANGUAGE.match(inside)
    return inside[language.end() :] if language else inside


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name that occurs twice is an error."""
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise MisfitError(f"{shown(twice)} is given twice")
    return given


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _whole_number(digits: str) -> float:
    """An integer; one with too many digits is infinite, as parsing it would take long."""
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def _is_broken(schema: Mapping[str, Any]) -> bool:
    """Whether it has text that JSON can express but nobody can send, as a lone surrogate."""
    try:
        json.dumps(schema, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _yields(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


@overload
def tool(function: F) -> F: ...


@overload
def tool(*, name: str | None = None, timeout_s: float = TIMEOUT_S) -> Callable[[F], F]: ...


def tool(function: F | None = None, *, name: str | None = None, timeout_s: float = TIMEOUT_S) -> Any:
    """Offer a function to the model. The function itself stays as it is. Raises ToolDefinitionError."""

    def mark(function: F) -> F:
        setattr(function, _MARK, Tool(function, name, timeout_s))
        return function

    return mark if function is None else mark(function)


def marked(namespace: Mapping[str, Any], module: str) -> list[Tool]:
    """The tools defined in this module, in order."""
    functions = [value for value in namespace.values() if isinstance(getattr(value, _MARK, None), Tool)]
    return [getattr(function, _MARK) for function in functions if function.__module__ == module]
