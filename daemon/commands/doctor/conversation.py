"""What the turn style means for who is listened to, and when."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.commands.doctor.finding import Told, warning
from daemon.commands.doctor.machine import InspectedMachine
from daemon.core.turn.style_registry import STYLES


def conversation(machine: InspectedMachine) -> Iterator[Told]:
    """A microphone that is open without a hand on the button: how it ends, and whether the user knows."""
    realtime, sound = machine.config.realtime, machine.config.sound
    if not STYLES[realtime.turn].gated:
        return
    if sound.earcons == "off":
        sentence = "sound.earcons: nobody hears that an open conversation has ended by itself"
        yield warning("V141", sentence, 'write earcons = "on"')
    if realtime.open_idle_s > realtime.max_utterance_s:
        most = f"{realtime.max_utterance_s:.0f} s"
        sentence = f"realtime.open_idle_s: after {most} without a word it ends all the same"
        yield warning("V142", sentence, "write no more than realtime.max_utterance_s")
    meanwhile = (
        "who speaks during an answer interrupts it"
        if sound.full_duplex
        else 'the microphone is off while it answers (sound.echo = "auto" would take its own voice out)'
    )
    yield f"open until a tap, or {realtime.open_idle_s:.0f} s without a word; {meanwhile}"
