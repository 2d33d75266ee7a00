"""The tools of a small home, as `session.update` carries them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from daemon.brain.nlu.grammar import Grammar

COLOURS = ["red", "green", "blue", "white", "yellow", "orange", "purple", "pink"]
OUTPUTS = ["lamp", "fan", "heater", "kitchen light", "red light", "green light"]
SENSORS = ["door", "window", "motion", "temperature", "distance"]
UNUSUAL = [
    "aquarium pump",
    "espresso machine",
    "humidifier",
    "projector",
    "christmas tree",
    "lumibot",
    "soldering iron",
    "water valve",
    "record player",
    "garden hose",
]


def tool(name: str, **parameters: dict[str, Any]) -> dict[str, Any]:
    """A function tool whose parameters are all required."""
    schema = {
        "type": "object",
        "properties": parameters,
        "required": list(parameters),
        "additionalProperties": False,
    }
    return {"type": "function", "name": name, "description": "", "parameters": schema}


def _change_level(device: dict[str, Any]) -> dict[str, Any]:
    directions = {"type": "string", "enum": ["down", "up"]}
    made = tool("change_level", device=device, direction=directions)
    percent = {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    made["parameters"]["properties"]["percent"] = percent
    return made


def home(
    outputs: Sequence[str] = tuple(OUTPUTS),
    rgb: Sequence[str] = ("kitchen light",),
    sensors: Sequence[str] = tuple(SENSORS),
) -> list[dict[str, Any]]:
    """Every built-in tool, for these devices."""
    output = {"type": "string", "enum": list(outputs)}
    percent = {"type": "integer", "minimum": 0, "maximum": 100}
    coloured = {"type": "string", "enum": list(rgb)}
    colours = [tool("set_colour", device=coloured, colour={"type": "string", "enum": COLOURS})] if rgb else []
    return [
        tool("set_device", device=output, state={"type": "string", "enum": ["on", "off", "toggle"]}),
        tool("set_level", device=output, percent=percent),
        _change_level(output),
        *colours,
        tool("blink_device", device=output, times={"type": "integer", "minimum": 1, "maximum": 20}),
        tool("pulse_device", device=output, seconds={"type": "number", "minimum": 0.1, "maximum": 60}),
        tool("read_device", device={"type": "string", "enum": [*sensors, *outputs]}),
        tool("list_devices"),
        tool("current_time"),
        tool("set_volume", percent=percent),
        tool("change_volume", direction={"type": "string", "enum": ["up", "down"]}),
        tool("mute_microphone"),
        tool("stop_conversation"),
        tool("forget_conversation"),
    ]


def grammar_of(kind: str) -> Grammar:
    """The grammar that a kind of clip is heard with: the home's, or one of names nobody put in a lexicon."""
    return Grammar(home(UNUSUAL, rgb=(), sensors=()) if kind == "cmd3" else home())
