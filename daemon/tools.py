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

import asyncio
import inspect
import logging
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from traceback import extract_tb, format_exception_only
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

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
MAX_OUTPUT_BYTES = 16 * 1024
MAX_THREADS = 8
"""Tools that hang keep their threads; with this many the next call is refused."""
CALLS_REMEMBERED = 1024

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


class Toolbox:
    """All tools, and the way a call takes. Raises ToolDefinitionError if two share a name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools: dict[str, Tool] = {}
        self._seen: dict[str, None] = {}  # in order, as a set is not
        self._threads = 0
        for each in tools:
            if self._tools.setdefault(each.name, each) is not each:
                raise ToolDefinitionError(f"{each.name}: there are two tools of this name, rename one.")

    def schemas(self) -> list[dict[str, Any]]:
        """What `session.update` tells the model."""
        return [each.schema() for each in self._tools.values()]

    async def call(self, call_id: str, name: str, arguments_json: str) -> str | None:
        """Run a tool and return what the model reads; None if this call_id was called before.

        Never raises: what goes wrong is the text, and begins with "Error: ".
        """
        if call_id in self._seen:
            return None
        self._remember(call_id)
        try:
            if name not in self._tools:
                raise BadCallError(f"there is no tool called {name}.")
            arguments = self._tools[name].arguments(arguments_json)
            return _bounded(_text(await self._run(self._tools[name], arguments)))
        except ToolError as error:
            return _bounded(f"Error: {error}")
        except (Exception, SystemExit) as error:
            log.warning("tool %s failed: %s", name, _place(error))
            return _bounded(f"Error: {name} failed: {''.join(format_exception_only(error)).strip()}")

    def _remember(self, call_id: str) -> None:
        self._seen[call_id] = None
        if len(self._seen) > CALLS_REMEMBERED:
            del self._seen[next(iter(self._seen))]

    async def _run(self, called: Tool, arguments: dict[str, Any]) -> Any:
        try:
            async with asyncio.timeout(called.timeout_s) as limit:
                if inspect.iscoroutinefunction(called.function):
                    return await called.function(**arguments)
                return await self._on_thread(called, arguments)
        except TimeoutError:
            if not limit.expired():
                raise
            log.warning("tool %s took longer than %g s", called.name, called.timeout_s)
            raise ToolError(f"{called.name} took longer than {called.timeout_s:g} seconds.") from None

    async def _on_thread(self, called: Tool, arguments: dict[str, Any]) -> Any:
        """A thread for each call: one that hangs holds up neither the others nor the end of the process."""
        if self._threads >= MAX_THREADS:
            raise ToolError("too many tools are still running, try again later.")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

        def work() -> None:
            result, failure = None, None
            try:
                result = called.function(**arguments)
            except BaseException as error:
                failure = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(finish, result, failure)

        def finish(result: Any, failure: BaseException | None) -> None:
            self._threads -= 1
            if not done.done():
                done.set_result((result, failure))

        self._threads += 1
        threading.Thread(target=work, name=f"tool {called.name}", daemon=True).start()
        result, failure = await done
        if failure is not None:
            raise failure
        return result


def _place(error: BaseException) -> str:
    """What was raised and where, without its message: that may quote what somebody said."""
    *_, last = extract_tb(error.__traceback__)
    return f"{type(error).__name__} in {last.filename}, line {last.lineno}"


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


# ---------------------------------------------------------------- what the model reads


def _text(result: Any) -> str:
    return result if isinstance(result, str) else msgspec.json.encode(result).decode()


def _bounded(text: str) -> str:
    encoded = text.encode(errors="replace")
    if len(encoded) <= MAX_OUTPUT_BYTES:
        return encoded.decode()
    return encoded[:MAX_OUTPUT_BYTES].decode(errors="ignore") + " [cut]"
