"""The parts of a session that can be left out one by one, and which of them an error is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from daemon.realtime.events import ErrorDetail, Json

CORE = frozenset({"instructions", "audio.input.format", "audio.input.turn_detection", "audio.output.format"})
"""The settings that matter most to a conversation."""

_MOST_READ = 2000
_PATH = re.compile(r"\w+(?:\.\w+|\[\d+\])+|['\"]session['\"](?:,\s*(?:['\"]\w+['\"]|\d+)){1,8}")
"""In words: session.tools[3], or 'session', 'tools', 3."""
_WORD = re.compile(r"\w+(?:-\w+)*")
_QUOTED = re.compile(r"[`'\"]([\w-]+)[`'\"]")
_OF_TOOLS = re.compile(r"\b(?:tools?|functions?|schemas?)\b", re.IGNORECASE)


def parts(session: Json) -> list[str]:
    """The paths of its settings: the essential ones first, then the others, then the tools."""
    settings = sorted(_settings(session), key=lambda part: part not in CORE)
    return settings + [tool_part(number) for number, _ in enumerate(session.get("tools") or [])]


def only(session: Json, kept: Collection[str]) -> Json:
    """A session with these parts only; its type is always there."""
    tools = [tool for number, tool in enumerate(session.get("tools") or []) if tool_part(number) in kept]
    result: Json = {}
    for key, value in session.items():
        if key == "audio" and isinstance(value, dict):
            value = _only_audio(value, kept)
        elif key == "tools" and value:
            value = tools
        if key in kept or key == "type" or (key in ("audio", "tools") and value):
            result[key] = value
    return result


def about(error: ErrorDetail, session: Json, sent: Collection[str]) -> list[str]:
    """Those of the parts sent that an error names; if it mentions tools, all tools."""
    tools = _tools(session, sent)
    words = f"{error.code} {error.message[:_MOST_READ]}"
    return named(error, session, sent) or (tools if _OF_TOOLS.search(words) else [])


def named(error: ErrorDetail, session: Json, sent: Collection[str]) -> list[str]:
    """Those of the parts sent that an error names: by its parameter, or else in its message."""
    tools, message = _tools(session, sent), error.message[:_MOST_READ]
    for paths in ([error.param or ""], _PATH.findall(message)):
        found = [part for path in paths for part in _touched(_normal(path), sent, tools)]
        if found:
            return list(dict.fromkeys(found))
    names = {*_QUOTED.findall(message), *_WORD.findall((error.param or "")[:_MOST_READ])}
    return [part for part in tools if name_of(part, session) in names]


def name_of(part: str, session: Json) -> str:
    """The name of a tool, the path of a setting."""
    number = part.removeprefix("tools[").removesuffix("]")
    if not number.isdigit():
        return part
    tool = session["tools"][int(number)]
    return str(tool.get("name", part))


def tool_part(number: int) -> str:
    """The path of a tool."""
    return f"tools[{number}]"


def _tools(session: Json, sent: Collection[str]) -> list[str]:
    return [part for part in parts(session) if part in sent and part.startswith("tools[")]


def _settings(session: Json) -> Iterator[str]:
    for key, value in session.items():
        if key == "audio" and isinstance(value, dict):
            yield from (path for side, table in value.items() for path in _side(side, table))
        elif key != "type" and not (key == "tools" and value):
            yield key


def _side(side: str, table: Any) -> list[str]:
    return [f"audio.{side}.{key}" for key in table] if isinstance(table, dict) else [f"audio.{side}"]


def _only_audio(audio: Json, kept: Collection[str]) -> Json:
    result: Json = {}
    for side, table in audio.items():
        if not isinstance(table, dict):
            result |= {side: table} if f"audio.{side}" in kept else {}
        elif chosen := {key: value for key, value in table.items() if f"audio.{side}.{key}" in kept}:
            result[side] = chosen
    return result


def _normal(path: str) -> str:
    """A path as we write it: below the session, indices in brackets, whatever separates the names."""
    words = _WORD.findall(path[:_MOST_READ].lower())
    if "session" in words:
        words = words[words.index("session") + 1 :]
    return "".join(f"[{word}]" if word.isdigit() else f".{word}" for word in words).removeprefix(".")


def _touched(path: str, sent: Collection[str], tools: list[str]) -> list[str]:
    """Parts at, above or below this path; a server counts tools as they were sent."""
    if found := re.match(r"tools\[(\d+)\]", path):
        number = int(found[1])
        return tools[number : number + 1]
    inside = (f"{path}.", f"{path}[")
    return [
        part
        for part in sent
        if path
        and (part == path or part.startswith(inside) or path.startswith(f"{part}.") or _leaf(part) == path)
    ]


def _leaf(part: str) -> str:
    return part.rpartition(".")[2]
