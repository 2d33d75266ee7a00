"""What the drivers have in common; standard library alone, for it runs in each client's own environment.

A driver is called as `DRIVER URL KEY FOLDER`, plays each scene that its client offers, and prints one JSON
line for each: its name, whether it went well (null where the client does not offer it), and what happened.
"""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

URL, KEY, FOLDER = sys.argv[1:4]
SCENE_S = 40.0
PCM_MS, G711_MS = 48, 8

QUESTION = "what can you do"
INSTRUCTIONS = "You switch the lamp and the fan."
DESCRIPTION = "Switch a device on or off."
DEVICES, STATES = ["lamp", "fan"], ["on", "off", "toggle"]
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "device": {"type": "string", "enum": DEVICES},
        "state": {"type": "string", "enum": STATES},
    },
    "required": ["device", "state"],
    "additionalProperties": False,
}
TOOL: dict[str, Any] = {
    "type": "function",
    "name": "set_device",
    "description": DESCRIPTION,
    "parameters": PARAMETERS,
}
VAD: dict[str, Any] = {"type": "server_vad", "silence_duration_ms": 500}


class NotOffered(Exception):  # noqa: N818 (no error: the client cannot do this)
    """The client has no such thing; the message says where its code shows that."""


def speech(kind: str = "pcm") -> bytes:
    """Somebody says `turn on the lamp`, with silence around it; pcm (24 kHz), ulaw or alaw."""
    return Path(FOLDER, f"lamp_on.{kind}").read_bytes()


def pieces(sound: bytes, piece_bytes: int) -> list[bytes]:
    """A sound in the pieces that a microphone gives."""
    return [sound[start : start + piece_bytes] for start in range(0, len(sound), piece_bytes)]


def switched(device: str, state: str) -> str:
    """The tool: what it answers, and a note that it ran."""
    runs.append((device, state))
    if state == "off":
        tale = ", ".join([f"the {device} takes a while to tell all about it"] * 6)
        return f"The {device} is off, and {tale}"
    return f"The {device} is {state}."


runs: list[tuple[str, str]] = []
"""What the tool was called with in this scene."""

LONG = "turn off the lamp and the fan"
"""What to type for an answer that takes a while: there is time to interrupt it."""


def interrupted() -> None:
    """From here on the tool counts anew: somebody spoke into the answer to LONG."""
    assert runs == [("lamp", "off"), ("fan", "off")], f"the tool ran {runs}"
    runs.clear()


def check_lamp_is_on(answer: str) -> None:
    """The tool ran once, with the right arguments, and its output was spoken."""
    assert runs == [("lamp", "on")], f"the tool ran {runs}"
    assert "lamp is on" in answer.lower(), f"the answer was {answer!r}"


def check_help(answer: str) -> None:
    """The answer to QUESTION names what there is."""
    assert "lamp" in answer.lower(), f"the answer was {answer!r}"


def play(scenes: dict[str, Callable[[], Awaitable[str | None]]]) -> None:
    """Play each scene in a loop of its own and tell how it went."""
    only = sys.argv[4:] or list(scenes)
    for name in only:
        runs.clear()
        print(json.dumps({"scene": name, **_played(scenes[name])}), flush=True)


def _played(scene: Callable[[], Awaitable[str | None]]) -> dict[str, Any]:
    async def limited() -> str | None:
        return await asyncio.wait_for(scene(), SCENE_S)

    try:
        return {"ok": True, "detail": asyncio.run(limited()) or ""}
    except NotOffered as missing:
        return {"ok": None, "detail": str(missing)}
    except BaseException as error:  # a driver tells whatever happens
        at = traceback.extract_tb(error.__traceback__)[-1]
        return {"ok": False, "detail": f"{type(error).__name__}: {error} ({at.filename}:{at.lineno})"[:600]}
