"""What a pronoun, `again` or a correction refers to: pure, from what this conversation has named lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from daemon.brain.nlu.grammar import Grammar, Intent, Meaning
from daemon.brain.nlu.intents import Pronoun, joined

RECENT_S: Final = 120.0
RECENT_COMMANDS: Final = 4

_REPEATED: Final = ("read_device", "list_devices", "current_time", "change_volume")
"""Tools without a device that `again` calls without asking."""


@dataclass(frozen=True)
class Command:
    """What was asked for, when, and whether it was done: the brain may have asked back instead."""

    meaning: Meaning
    at_s: float
    done: bool

    @property
    def devices(self) -> list[str]:
        """The devices that it names, each once."""
        return list(dict.fromkeys(name for name in map(_device, self.meaning.calls) if not _is_open(name)))


def recent(commands: Sequence[Command], now_s: float) -> tuple[Command, ...]:
    """Those that words may still refer to, the oldest first."""
    return tuple(each for each in commands[-RECENT_COMMANDS:] if now_s - each.at_s <= RECENT_S)


def resolve(meaning: Meaning, commands: Sequence[Command], grammar: Grammar) -> Meaning | None:
    """The calls that are meant; what is likely is not sure, and what is unclear keeps its pronoun.

    None: it refers to nothing, or to what its tool does not take.
    """
    if meaning.kind == "again":
        return _again(commands[-1]) if commands else None
    if meaning.kind == "instead" and not commands:
        return None
    if meaning.kind == "instead" and not meaning.calls:
        changed = _instead(meaning.about, commands[-1].meaning)
        return changed and _resolved(replace(changed, sure=meaning.sure), commands, grammar)
    return _resolved(meaning, commands, grammar)


def is_open(meaning: Meaning) -> bool:
    """Whether it does not say which device."""
    return any(isinstance(_device(call), Pronoun) for call in meaning.calls)


def _device(call: Intent) -> str:
    device = call.arguments.get("device")
    return device if isinstance(device, str) else ""


def _is_open(device: str) -> bool:
    return not device or isinstance(device, Pronoun)


def _again(command: Command) -> Meaning:
    usual = all("device" in call.arguments or call.name in _REPEATED for call in command.meaning.calls)
    return replace(command.meaning, sure=usual and command.done)


def _instead(devices: Sequence[str], before: Meaning) -> Meaning | None:
    """The same for other devices; None if that was not one command for devices."""
    former = [call for call in before.calls if "device" in call.arguments]
    calls = {_spelled(each): each for call in former for each in _for_each(call, devices)}
    if len(calls) != len(devices):
        return None
    names = joined(list(dict.fromkeys(map(_device, former))))
    values = (str(value) for name, value in former[0].arguments.items() if name != "device")
    told = before.readback.replace(names, joined(devices))
    readback = told if told != before.readback else ", ".join([joined(devices), *values])
    return Meaning("calls", tuple(calls.values()), readback)


def _for_each(call: Intent, devices: Sequence[str]) -> list[Intent]:
    return [Intent(call.name, {**call.arguments, "device": device}) for device in devices]


def _spelled(call: Intent) -> str:
    return f"{call.name} {sorted(call.arguments.items())}"


def _resolved(meaning: Meaning, commands: Sequence[Command], grammar: Grammar) -> Meaning | None:
    """With devices in the place of pronouns; what the sentence itself names goes before."""
    named = [command.devices for command in commands if command.devices]
    calls: list[Intent] = []
    readback, sure = meaning.readback, meaning.sure
    for call in meaning.calls:
        pronoun = _device(call)
        if not isinstance(pronoun, Pronoun):
            calls.append(call)
            named += [[pronoun]] if pronoun else []
            continue
        takes = grammar.devices(call.name)
        devices, certain = _meant(
            pronoun, [[name for name in names if name in takes] for names in named], takes
        )
        calls += _for_each(call, devices or [pronoun])
        readback = readback.replace(f"the {pronoun}", joined(devices or [pronoun]))
        sure = sure and certain
    closed = [call for call in calls if not _is_open(_device(call))]
    if any(_device(call) not in grammar.devices(call.name) for call in closed):
        return None
    return Meaning("calls", tuple(calls), readback, sure=sure)


def _meant(pronoun: Pronoun, named: Sequence[list[str]], takes: Sequence[str]) -> tuple[list[str], bool]:
    """The devices that a pronoun stands for, none where that is unclear; and whether it is certain."""
    last = named[-1] if named else []
    if pronoun.is_other:
        return _other(last, named, takes)
    return (last if (len(last) > 1) == pronoun.is_plural else []), True


def _other(last: list[str], named: Sequence[list[str]], takes: Sequence[str]) -> tuple[list[str], bool]:
    """The one other device that was named; else, not certainly, the one other of its kind or of all."""
    if len(last) != 1:
        return [], True
    before = list(dict.fromkeys(name for names in named for name in names if name not in last))
    if before:
        return (before if len(before) == 1 else []), True
    others = [name for name in takes if name not in last]
    alike = [name for name in others if name.split()[-1] == last[0].split()[-1]]
    return (alike if len(alike) == 1 else others if len(others) == 1 else []), False
