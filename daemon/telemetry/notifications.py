"""One stream of typed events; subscribers choose the types that concern them.

It carries every input of the machine, every effect, and the events of the shell itself, which are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from daemon.core import events as ev

LossKind: TypeAlias = Literal["late_audio", "dropped_audio", "undecodable_frame", "unknown_event"]


class ServiceReady(Struct, frozen=True):
    """The service is ready; `start_ms` is the time since the start of the process."""

    start_ms: float


class ServiceStopping(Struct, frozen=True):
    """The service was told to stop."""


class BoardOpened(Struct, frozen=True):
    """The board is there (again), with every output in its `at_start` state."""


class StandbyChanged(Struct, frozen=True):
    """The closed microphone is heard for a wake word, on this board alone; or no longer."""

    on: bool


class FaultsChanged(Struct, frozen=True):
    """All present faults, and why.

    `offered` has what the owner wrote and we cannot use: tool files, settings that the server refuses.
    """

    parts: Mapping[str, str]
    offered: Mapping[str, str]


class KeyChecked(Struct, frozen=True):
    """The key was read for a connection; `trouble` is its fault, if any."""

    trouble: str


class ToolFinished(Struct, frozen=True):
    """A tool has answered."""

    name: str
    took_ms: float
    arguments: str
    output: str


class DeviceChanged(Struct, frozen=True):
    """An output has a new value, by its spoken name."""

    name: str
    value: float | str


class DeviceWritten(Struct, frozen=True):
    """A value was written to the pins of an output; again when the board is back."""

    name: str
    value: float | str


class LampWritten(Struct, frozen=True):
    """A colour was written to a status lamp: red, green, blue, each 0.0 to 1.0."""

    name: str
    colour: tuple[float, float, float]


class Loss(Struct, frozen=True):
    """Data was lost.

    `late_audio`: an answer had a pause, as its audio came too late. `dropped_audio`: the jitter buffer was
    full. `undecodable_frame`: a frame of the server is no event. `unknown_event`: an event is not known here,
    which is harmless.
    """

    kind: LossKind


Notification: TypeAlias = (
    ev.Input
    | ev.Effect
    | ServiceReady
    | ServiceStopping
    | BoardOpened
    | StandbyChanged
    | FaultsChanged
    | KeyChecked
    | ToolFinished
    | DeviceChanged
    | DeviceWritten
    | LampWritten
    | Loss
)
