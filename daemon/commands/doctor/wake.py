"""Whether the wake words can be listened for."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.commands.doctor.finding import Told, split, warning
from daemon.commands.doctor.machine import InspectedMachine
from daemon.wake.detector import WakeError
from daemon.wake.registry import open_detectors


def wake_word(machine: InspectedMachine) -> Iterator[Told]:
    """Load the detectors; without them the button works as ever."""
    wanted = machine.config.wake
    if not wanted.words:
        return
    try:
        open_detectors(wanted.words, wanted.sensitivity)
    except WakeError as said:
        yield warning("V321", *split(str(said), ": "))
        return
    yield f"listens for {', '.join(wanted.words)} at a sensitivity of {wanted.sensitivity}"
