"""Turns the outputs of tools into speech."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence

import msgspec

_STATE = re.compile(r"The (?P<subject>(?:(?! the )[^.])+?) (?P<verb>is|are) (?P<state>[^.]+)\.")
"""Not "The cooler stays off while the heater is on.": that is no state of two devices."""

_OF_A_BLOCK = {"type", "text", "json", "annotations", "_meta"}
_MOST_PAIRS = 4
_MOST_CHARACTERS = 300
DONE = "Done."


def tell(outputs: Sequence[str]) -> str:
    """One text for all outputs: equal states are joined, the others follow in order, each once."""
    told = list(dict.fromkeys(_sentence(output) for output in outputs))
    states = [_STATE.fullmatch(sentence) for sentence in told]
    if len(told) > 1 and len({match["state"] if match else None for match in states}) == 1 and all(states):
        subjects = [f"the {match['subject']}" for match in states if match]
        joined = f"{', '.join(subjects[:-1])} and {subjects[-1]}"
        return f"{joined[:1].upper()}{joined[1:]} are {states[0]['state'] if states[0] else ''}."
    return " ".join(told)


def _sentence(output: str) -> str:
    """The output of a tool as a sentence: ours already are, JSON is read out briefly."""
    text = output.strip().removeprefix("Error: ").strip()
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        text = _spoken(msgspec.json.decode(text))
    text = " ".join(text.split())[:_MOST_CHARACTERS].strip()
    if not text:
        return DONE
    return text if text[-1] in ".!?" else f"{text}."


def _spoken(value: object) -> str:
    match value:
        case None | True | "":
            return ""
        case False:
            return "No"
        case dict() if _is_block(value):
            return _spoken(value.get("text", value.get("json")))
        case {"content": [*blocks]} if all(map(_is_block, blocks)):
            return _spoken(blocks)
        case dict():
            pairs = [f"{_name(key)} {_spoken(each)}" for key, each in value.items()]
            return _few(pairs)
        case [dict(), *_] if all(map(_is_block, value)):
            return " ".join(_spoken(block) for block in value[:_MOST_PAIRS])
        case list():
            return _few(_spoken(each) for each in value)
    return str(value)


def _is_block(value: object) -> bool:
    """Whether this is a content block of an agent framework or MCP: `{"type": "text", "text": "ok"}`."""
    if not isinstance(value, dict) or not set(value) <= _OF_A_BLOCK:
        return False
    return isinstance(value.get("text"), str) or ("json" in value and "text" not in value)


def _few(texts: Iterable[str]) -> str:
    return ", ".join(list(texts)[:_MOST_PAIRS])


def _name(key: object) -> str:
    return str(key).replace("_", " ")
