"""The scenario of the demo, and the checks of each turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from daemon.commands.demo.event_stream import flashes
from daemon.commands.verbs import arguments_of
from daemon.control.client import Json

Call: TypeAlias = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class ScenarioTurn:
    """One turn of the scenario, and its expected results; those that are None are not checked.

    `calls`: exactly these, in any order. `devices`: values after the turn. `flashes`: how often outputs go on
    meanwhile. `reply`: words that the answer contains. `interrupt_after_s`: press the button again after so
    much of the answer was heard.
    """

    text: str
    typed: bool = False
    calls: tuple[Call, ...] | None = None
    devices: dict[str, float | str] = field(default_factory=dict)
    flashes: dict[str, int] = field(default_factory=dict)
    reply: str | None = None
    interrupt_after_s: float | None = None


SCENARIO = (
    ScenarioTurn(
        "turn on the heater",
        calls=(("set_device", {"device": "heater", "state": "on"}),),
        devices={"heater": 1.0},
    ),
    ScenarioTurn(
        "set the fan to thirty percent",
        calls=(("set_level", {"device": "fan", "percent": 30}),),
        devices={"fan": 0.3, "heater": 1.0},
    ),
    ScenarioTurn(
        "blink the red light three times",
        calls=(("blink_device", {"device": "red light", "times": 3}),),
        flashes={"red light": 3},
        devices={"red light": 0.0},
    ),
    ScenarioTurn("is the door open", calls=(("read_device", {"device": "door"}),), reply="open"),
    ScenarioTurn(
        "turn on the lamp and the fan",
        calls=(
            ("set_device", {"device": "lamp", "state": "on"}),
            ("set_device", {"device": "fan", "state": "on"}),
        ),
        devices={"lamp": 1.0, "fan": 1.0},
    ),
    ScenarioTurn(
        "who won the football match yesterday evening",
        calls=(),
        devices={"lamp": 1.0, "fan": 1.0, "heater": 1.0},
    ),
    ScenarioTurn(
        "set the kitchen light to orange",
        typed=True,
        calls=(("set_colour", {"device": "kitchen light", "colour": "orange"}),),
        devices={"kitchen light": "#ff5000"},
    ),
    ScenarioTurn(
        "what is the temperature",
        calls=(("read_device", {"device": "temperature"}),),
        reply="twenty-one|21.5",
    ),
    ScenarioTurn("what can you do", calls=(), interrupt_after_s=2.0),
    ScenarioTurn(
        "turn off everything",
        devices=dict.fromkeys(("lamp", "fan", "heater"), 0.0) | {"kitchen light": "#000000"},
    ),
)


def verdict(line: ScenarioTurn, turn: Json, devices: Json, events: list[Json]) -> list[str]:
    """The faults of a turn, as short sentences.

    `devices` are the values after it; `events` are those since its beginning.
    """
    problems = [*_calls(line, turn), *_devices(line, devices), *_flashes(line, events)]
    if bool(turn.get("interrupted")) != (line.interrupt_after_s is not None):
        problems.append("was interrupted" if turn.get("interrupted") else "was not interrupted")
    reply = str(turn.get("reply") or "").lower()
    if not reply:
        problems.append("no reply")
    elif line.reply and not any(words in reply for words in line.reply.split("|")):
        problems.append(f"the reply does not say {line.reply}")
    return problems


def _calls(line: ScenarioTurn, turn: Json) -> list[str]:
    if line.calls is None:
        return []
    made = [(str(call["name"]), arguments_of(call)) for call in turn.get("tool_calls", ())]
    missing = [f"did not call {_shown(call)}" for call in line.calls if call not in made]
    return missing + [f"called {_shown(call)}" for call in made if call not in line.calls]


def _shown(call: Call) -> str:
    name, arguments = call
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items())})"


def _devices(line: ScenarioTurn, devices: Json) -> list[str]:
    return [
        f"{name} is {devices.get(name)}, not {wanted}"
        for name, wanted in line.devices.items()
        if not _same(devices.get(name), wanted)
    ]


def _same(value: Any, wanted: float | str) -> bool:
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return abs(value - wanted) < 0.005
    return bool(value == wanted)


def _flashes(line: ScenarioTurn, events: list[Json]) -> list[str]:
    return [
        f"{name} flashed {flashes(events, name)} times, not {times}"
        for name, times in line.flashes.items()
        if flashes(events, name) != times
    ]
