"""What happens, as one stream of typed events: whoever wants to know subscribes to the types that concern it.

The stream carries every input of the machine and every effect, and what the shell itself has to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from daemon.core import events as ev

LossKind: TypeAlias = Literal["late_audio", "dropped_audio", "undecodable_frame", "unknown_event"]


class ServiceReady(Struct, frozen=True):
    """The button works from now on; `start_ms` is what that took since the process was started."""

    start_ms: float


class ServiceStopping(Struct, frozen=True):
    """The service was told to stop."""


class BoardOpened(Struct, frozen=True):
    """The board is there (again), with every output in the state that it has at the start."""


class FaultsChanged(Struct, frozen=True):
    """All that does not work at the moment, and why.

    `offered` is what the owner has given and we cannot use: files of tools, settings that the server refuses.
    """

    parts: Mapping[str, str]
    offered: Mapping[str, str]


class KeyChecked(Struct, frozen=True):
    """The key was looked up for a connection; `trouble` is what is wrong with it, if anything."""

    trouble: str


class ToolFinished(Struct, frozen=True):
    """A tool has answered."""

    name: str
    took_ms: float
    arguments: str
    output: str


class DeviceChanged(Struct, frozen=True):
    """An output has another value, by its spoken name."""

    name: str
    value: float | str


class DeviceWritten(Struct, frozen=True):
    """A value goes to the pins of an output; again when the board has come back."""

    name: str
    value: float | str


class LampWritten(Struct, frozen=True):
    """A colour goes to a status lamp: red, green, blue, each 0.0 to 1.0."""

    name: str
    colour: tuple[float, float, float]


class Loss(Struct, frozen=True):
    """Something did not arrive whole.

    `late_audio`: an answer had a pause, as its audio came too late. `dropped_audio`: the jitter buffer was
    full. `undecodable_frame`: the server has sent what is no event. `unknown_event`: nor one that we know,
    which is nothing bad.
    """

    kind: LossKind


Notification: TypeAlias = (
    ev.Input
    | ev.Effect
    | ServiceReady
    | ServiceStopping
    | BoardOpened
    | FaultsChanged
    | KeyChecked
    | ToolFinished
    | DeviceChanged
    | DeviceWritten
    | LampWritten
    | Loss
)
