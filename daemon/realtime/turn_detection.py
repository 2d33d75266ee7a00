"""The server's voice detection, as the session has it: how much silence it needs before and behind speech."""

from __future__ import annotations

from typing import Any, Final

from daemon.realtime.items import Json

_SILENCE_MS: Final = 500
_PREFIX_MS: Final = 300
_PATIENCE_S: Final = {"low": 8.0, "medium": 4.0, "auto": 4.0, "high": 2.0}
"""How long a semantic detection waits at most, by its eagerness."""


def turn_detection(session: Json) -> Json:
    """The voice detection of a session; empty where there is none."""
    found: Any = session
    for key in ("audio", "input", "turn_detection"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def silence_s(detection: Json) -> float:
    """So much silence it must hear until it is sure that nobody speaks any more."""
    if detection.get("type") == "semantic_vad":
        return _PATIENCE_S.get(str(detection.get("eagerness")), _PATIENCE_S["auto"])
    return _ms(detection.get("silence_duration_ms"), _SILENCE_MS) / 1000


def prefix_s(detection: Json) -> float:
    """So much of what came before speech it counts as speech."""
    return _ms(detection.get("prefix_padding_ms"), _PREFIX_MS) / 1000


def _ms(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 60_000 else default
