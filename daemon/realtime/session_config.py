"""The settings that a session begins with."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from daemon.realtime.items import Json
from daemon.realtime.limits import RATE_HZ

TRANSCRIPTION_MODEL = "gpt-transcribe"


def session_config(
    instructions: str,
    tools: list[Json],
    turn_detection: Json | None,
    transcription: bool,
    own: Json,
) -> Json:
    """The `session` of `session.update`; whatever the owner sets in `own` wins, leaf by leaf."""
    pcm = {"type": "audio/pcm", "rate": RATE_HZ}
    base: Json = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": instructions,
        "audio": {
            "input": {
                "format": pcm,
                "turn_detection": turn_detection,
                "transcription": {"model": TRANSCRIPTION_MODEL} if transcription else None,
            },
            "output": {"format": pcm},
        },
        "tools": tools,
        "tool_choice": "auto",
    }
    return merged(base, own)


def merged(base: Json, own: Json, whole: AbstractSet[str] = frozenset()) -> Json:
    """Both merged, `own` first. Tables are merged except those in `whole`, all else is replaced."""
    result: Json = {**base, **own}
    for key in base.keys() & own.keys() - whole:
        mine, its = base[key], own[key]
        if isinstance(mine, dict) and isinstance(its, dict):
            result[key] = merged(mine, its, whole)
    return result


def essential(session: Json) -> Json:
    """The minimum that a session needs: turns, formats, tools, instructions; no voice."""
    least: Json = {key: session[key] for key in ("type", "instructions", "tools") if key in session}
    wanted: Json = session.get("audio", {})
    audio = {
        side: {key: wanted[side][key] for key in ("format", "turn_detection") if key in wanted[side]}
        for side in ("input", "output")
        if side in wanted
    }
    return least | ({"audio": audio} if audio else {})


def differences(sent: Json, taken: Json) -> list[str]:
    """The paths of sent fields that differ in a session; never their values.

    An empty session counts as equal. Fields that the server adds do not matter.
    """
    return _differences(sent, taken, "") if taken else []


def _differences(sent: Any, taken: Any, path: str) -> list[str]:
    if isinstance(sent, dict) and isinstance(taken, dict):
        inner = f"{path}." if path else ""
        return [name for key in sent for name in _differences(sent[key], taken.get(key), f"{inner}{key}")]
    if isinstance(sent, list) and isinstance(taken, list) and len(sent) == len(taken):
        return [path] if any(map(_differ, sent, taken)) else []
    return [] if sent == taken else [path]


def _differ(sent: Any, taken: Any) -> bool:
    return bool(_differences(sent, taken, "item"))
