"""What is said, and what a server without a mind of its own makes of it."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

ON, OFF, HALF = "turn on the lamp", "turn off the lamp", "set the lamp to fifty percent"
COMMANDS: dict[str, tuple[str, Json]] = {
    ON: ("set_device", {"device": "lamp", "state": "on"}),
    OFF: ("set_device", {"device": "lamp", "state": "off"}),
    HALF: ("set_level", {"device": "lamp", "percent": 50}),
}
SPOKEN = {ON: "flite-slt_cmd00", HALF: "espeak-us_cmd02"}
"""The clips in which it is said."""
QUESTION = "what time is it"
LONG = "what can you do"
"""Whoever is asked this has much to say."""
SAYINGS = {
    QUESTION: "It is time for tea.",
    LONG: "I can switch the lamp and the fan, tell you the time, and set the volume. " * 4,
}
SOMETHING = "You have said something."
