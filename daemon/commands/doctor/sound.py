"""Checks of the sound cards: which they are, whether they open, who holds them, what mutes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final, get_args

from daemon.commands.doctor import mixer
from daemon.commands.doctor.finding import Fix, Told, error, split, warning
from daemon.commands.doctor.listening import DEAD, DEAD_REMEDY, decibels, opened
from daemon.commands.doctor.machine import InspectedMachine
from hardware.ports import SoundError
from hardware.sound.card_discovery import Direction, SoundCard, cards, find

_SILENT_PRESSES: Final = 3
_SIDES: Final[dict[Direction, str]] = {"microphone": "c", "speaker": "p"}


def sound(machine: InspectedMachine) -> Iterator[Told]:
    """Both directions; cards that the running service holds are not opened."""
    yield from (str(card) for card in cards(machine.root))
    with ExitStack() as stack:
        for direction in get_args(Direction):
            yield from _names(machine, direction)
            try:
                card = find(_name(machine, direction), direction, machine.root)
            except SoundError as said:
                yield error("V301", *_told(said))
                continue
            trouble = _holder(machine, direction, card)
            if trouble:
                yield trouble
                if direction == "microphone":
                    yield from _pressed(machine)
            elif not machine.serves:
                yield from _opened(machine, direction, card, stack)
            yield from _mixer(_name(machine, direction) if card is None else f"hw:{card.index}", direction)


def _name(machine: InspectedMachine, direction: Direction) -> str:
    return str(getattr(machine.config.sound, direction))


def _told(said: SoundError) -> tuple[str, str]:
    return split(str(said), ": ")


def _names(machine: InspectedMachine, direction: Direction) -> Iterator[Told]:
    """Names that may come to mean another card, or mean the wrong one."""
    name = _name(machine, direction)
    there = cards(machine.root)
    if re.search(r"hw:\d", name) and there:
        wiser = " or ".join(f'"card:{card.id}"' for card in there if card.devices(direction))
        yield warning(
            "V303",
            f"sound.{direction}: {name} is a number, and cards are numbered anew at every start",
            f"write {wiser or 'the name of a card'}",
        )
    able = [card for card in there if card.devices(direction)]
    if name == "default" and direction == "speaker" and able and all(card.hdmi for card in able):
        yield warning(
            "V304",
            f"sound.speaker: the only speaker here is the screen's, {able[0]}",
            "plug in a sound card, or enable its dtoverlay in /boot/firmware/config.txt",
        )


def _holder(machine: InspectedMachine, direction: Direction, card: SoundCard | None) -> Told | None:
    """Who holds this side of the card, in words; None if it is free or unknown."""
    for pid in _owners(machine, card, direction) if card else ():
        if machine.is_voiced(pid):
            return f"{direction}: {card}, held by voiced itself"
        program = machine.process(pid, "Name") or "a program"
        return error(
            "V302",
            f"the {direction} {card} is in use by {program} (process {pid})",
            f"end it with `kill {pid}`, or give voiced another card ([sound] {direction})",
        )
    if fault := machine.faults(direction):
        return error("V301", *split(fault, ": "))
    return f"{direction}: held by voiced itself" if machine.serves else None


def _pressed(machine: InspectedMachine) -> Iterator[Told]:
    """The levels of the latest utterances: a single silent one is no fault."""
    peaks = (machine.status or {}).get("microphone_peaks") or []
    if len(peaks) >= _SILENT_PRESSES and max(peaks) < DEAD:
        sentence = f"the microphone gave nothing but silence at the last {len(peaks)} presses"
        yield warning("V311", sentence, DEAD_REMEDY)
    elif peaks:
        yield f"microphone: {decibels(peaks[-1])} at the last press"


def _owners(machine: InspectedMachine, card: SoundCard, direction: Direction) -> list[int]:
    """The processes that hold the usual device of this side; none while one of its streams is free."""
    device = card.devices(direction)[0]
    pattern = f"/proc/asound/card{card.index}/pcm{device}{_SIDES[direction]}/sub*/status"
    threads = [re.search(r"^owner_pid\s*: (\d+)", text, re.MULTILINE) for text in machine.texts(pattern)]
    if not all(threads):
        return []
    return [int(machine.process(each[1], "Tgid") or each[1]) for each in threads if each]


def _opened(
    machine: InspectedMachine, direction: Direction, card: SoundCard | None, stack: ExitStack
) -> Iterator[Told]:
    """Open both sides at once, as the service does: some cards then refuse, or take another rate."""
    config = machine.config.sound
    try:
        stream = stack.enter_context(opened(direction, config))
    except SoundError as said:
        yield error("V301", *_told(said))
        return
    name = card or _name(machine, direction)
    yield f"{direction}: {name}, {stream.rate_hz} Hz, {stream.format.name}, channels: {stream.channels}"
    if config.rate_hz and stream.rate_hz != config.rate_hz:
        yield warning(
            "V305",
            f"sound.rate_hz: the {direction} runs at {stream.rate_hz} Hz instead of {config.rate_hz}",
            "write rate_hz = 0 to take the card's own rate",
        )


def _mixer(device: str, direction: Direction) -> Iterator[Told]:
    there = mixer.controls(device, direction)
    names = [each.name for each in mixer.blocking(there, direction)]
    if names:
        listed = " and ".join(names)
        fix = Fix(f"unmute {listed} of {device}", partial(mixer.unmute, device, direction, names))
        remedy = f"unmute it with `alsamixer -D {device}`, then keep that with `alsactl store`"
        yield error("V306", f"the {direction} is muted in the mixer of {device} ({listed})", remedy, fix)
    for low in mixer.quiet_ones(there, direction):
        sentence = f"the {direction} is at {low.percent} % in the mixer of {device} ({low.name})"
        yield warning("V307", sentence, f"raise it with `alsamixer -D {device}`, then `alsactl store`")
