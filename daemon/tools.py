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
import re
from collections.abc import Callable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

import msgspec

TIMEOUT_S = 10.0

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "voiced_tool"


class ToolError(Exception):
    """Raise it in a tool to let the model read the text."""


class BadCallError(ToolError):
    """The model called what is not there, or with arguments that do not fit."""


class ToolDefinitionError(ToolError):
    """A function cannot be a tool; the message says what to write instead."""


class Range(NamedTuple):
    """Bounds of a number, both included: `Annotated[int, Range(1, 30)]`."""

    lo: float
    hi: float


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
        self.name = name or function.__name__
        self.timeout_s = timeout_s
        self.description = inspect.getdoc(function) or ""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.name):
            raise ToolDefinitionError(f"{self.name}: a tool's name is letters, digits, _ and -, at most 64.")
        if not self.description:
            raise ToolDefinitionError(f"{self.name}: write a docstring, it tells the model when to call.")
        try:
            arguments = _arguments(self.name, function, choices or {})
            self.parameters = _plain(msgspec.json.schema(arguments))
            self._decoder = msgspec.json.Decoder(arguments)
        except (TypeError, NameError, ValueError) as error:
            raise ToolDefinitionError(f"{self.name}: {error}") from error

    def schema(self) -> dict[str, Any]:
        """What `session.update` tells the model."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }

    def arguments(self, arguments_json: str) -> dict[str, Any]:
        """Decode and check what the model sent. Raises BadCallError."""
        try:
            return msgspec.structs.asdict(self._decoder.decode(arguments_json))
        except msgspec.ValidationError as error:
            raise BadCallError(f"{self.name}: {self._complaint(str(error))}.") from None
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadCallError(f"{self.name}: the arguments are not valid JSON ({error}).") from None

    def _complaint(self, message: str) -> str:
        """msgspec's message, with the parameter first and the choices if it has some."""
        what, _, path = message.replace("`", "").partition(" - at $.")
        if not path:
            return what.replace("Object", "The call").replace("field", "parameter")
        if choices := self.parameters["properties"].get(path, {}).get("enum"):
            what = f"expected one of {', '.join(map(str, choices))}"
        return f"{path}: {what}"


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
    """The tools that were defined in this module, in order."""
    functions = [value for value in namespace.values() if isinstance(getattr(value, _MARK, None), Tool)]
    return [getattr(function, _MARK) for function in functions if function.__module__ == module]


# ---------------------------------------------------------------- from hints to schema


def _arguments(
    name: str, function: Callable[..., Any], choices: Mapping[str, Sequence[str]]
) -> type[msgspec.Struct]:
    """A struct with a field for each parameter: msgspec makes schema and check of it."""
    hints = get_type_hints(function, include_extras=True)
    fields: list[Any] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{parameter.name} must be a plain parameter, without * and /.")
        if parameter.name not in hints:
            raise TypeError(f"{parameter.name} has no type hint, write one such as {parameter.name}: int.")
        hint = _with_meta(hints[parameter.name], choices.get(parameter.name))
        default = () if parameter.default is parameter.empty else (parameter.default,)
        fields.append((parameter.name, hint, *default))
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True)


def _with_meta(hint: Any, choices: Sequence[str] | None) -> Any:
    """Spell Range and plain descriptions as msgspec does."""
    base, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if choices:
        base = Literal[tuple(choices)]
    meta: dict[str, Any] = {}
    for note in notes:
        if isinstance(note, Range):
            meta |= {"ge": note.lo, "le": note.hi}
        elif isinstance(note, str):
            meta["description"] = note
    return Annotated[base, msgspec.Meta(**meta)] if meta else base


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Inline msgspec's schema of one struct: no references, and only what models are used to."""
    definitions = schema["$defs"]
    if len(definitions) != 1:
        raise TypeError("parameters may be numbers, texts, booleans, Literals and lists of these.")
    (parameters,) = definitions.values()
    return {
        "type": "object",
        "properties": {name: _property(kind) for name, kind in parameters["properties"].items()},
        "required": parameters["required"],
        "additionalProperties": False,
    }


def _property(kind: dict[str, Any]) -> dict[str, Any]:
    """Say the type of an enum, and leave null out: an optional parameter may simply be missing."""
    kind = dict(kind)
    if kind.get("default", ...) is None:
        del kind["default"]
    if "anyOf" in kind:
        options = [option for option in kind.pop("anyOf") if option != {"type": "null"}]
        kind = {**options[0], **kind} if len(options) == 1 else {"anyOf": options, **kind}
    if all(isinstance(choice, str) for choice in kind.get("enum", [None])):
        kind = {"type": "string", **kind}
    return kind
