"""What a session is told at its beginning."""

from __future__ import annotations

from typing import Any, Literal

from daemon.protocol import RATE_HZ, Json

TRANSCRIPTION_MODEL = "gpt-transcribe"


def session_config(
    instructions: str,
    tools: list[Json],
    style: Literal["hold", "tap"],
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
                "turn_detection": None if style == "hold" else {"type": "server_vad"},
                "transcription": {"model": TRANSCRIPTION_MODEL} if transcription else None,
            },
            "output": {"format": pcm},
        },
        "tools": tools,
        "tool_choice": "auto",
    }
    return merged(base, own)


def merged(base: Json, own: Json) -> Json:
    """Both, and `own` where they differ; tables are merged, lists and values replaced."""
    result: dict[str, Any] = dict(base)
    for key, value in own.items():
        mine = result.get(key)
        result[key] = merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return result
