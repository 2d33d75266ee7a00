"""What the machine asks for: effects that the shell carries out. One namespace with the inputs."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from daemon.core.history.history import HistoryEntry
from daemon.core.input_events import *  # noqa: F403
from daemon.devices.requests import DeviceAnswer, WriteOutput
from daemon.realtime.events import ClientEvents, Json

TurnState: TypeAlias = Literal["idle", "listening", "thinking", "speaking", "muted"]
LinkState: TypeAlias = Literal["waiting", "connecting", "configuring", "ready", "refused", "fallback"]
Place: TypeAlias = Literal["server", "brain"]


class NewSession(StrEnum):
    """Why a session is replaced; the values are journal fields."""

    EXPIRING = "worn"
    CLEARED = "forgotten"
    UNRESPONSIVE = "stalled"


class Connect(Struct, frozen=True):
    """Open a websocket to the configured server or to the offline brain, and call it by this number."""

    conn: int
    place: Place = "server"


class Disconnect(Struct, frozen=True):
    """Close the websocket of this number; `why` if a new session is to replace it."""

    conn: int
    why: NewSession | None = None


class Send(Struct, frozen=True):
    """Put an event on the wire of this number, in order."""

    event: ClientEvents
    conn: int


class Probe(Struct, frozen=True):
    """Ping the other end; without a reply in time that connection has ended."""

    conn: int


class SetCapture(Struct, frozen=True):
    """Start the microphone, or stop it and deliver the tail."""

    on: bool


class Play(Struct, frozen=True):
    """More audio of an item, by our key: PCM16 mono 24 kHz, whole samples."""

    item_id: str
    pcm: bytes


class PlayEnd(Struct, frozen=True):
    """No more audio will come for this item."""

    item_id: str


class StopPlayback(Struct, frozen=True):
    """Stop the speaker at once and answer with PlaybackStopped."""


class Earcon(Struct, frozen=True):
    """Play an earcon, unless there is an answer to be played."""

    kind: str  # its name in `daemon.core.feedback.earcon_kinds`


class StopEarcon(Struct, frozen=True):
    """Stop an earcon that still sounds."""


class RunTool(Struct, frozen=True):
    """Call a tool off the loop and answer with ToolDone. `key` is ours and unique."""

    key: str
    name: str
    arguments: str


class DeviceAnswered(Struct, frozen=True):
    """The answer to DeviceAsked."""

    request_id: int
    answer: DeviceAnswer


class StateChanged(Struct, frozen=True):
    """The state of the turn has changed."""

    state: TurnState


class HandsFreeChanged(Struct, frozen=True):
    """From now on it listens whenever nothing else is going on, or no more.

    `why`: what has opened it; or that it was `asked` to close, or `unused` for a while.
    """

    open: bool
    why: Opener | Literal["asked", "unused"]  # noqa: F405


class MuteChanged(Struct, frozen=True):
    """The microphone is muted from now on, or no longer."""

    muted: bool


class LinkChanged(Struct, frozen=True):
    """The state of the connection has changed; `reason` is a sentence for people."""

    link: LinkState
    reason: str = ""


class Words(Struct, frozen=True):
    """More words of a transcript, or (`whole`) all of them."""

    who: Literal["user", "assistant"]
    text: str
    whole: bool = False


class ToolReport(Struct, frozen=True):
    """A tool call and its output."""

    key: str
    name: str
    arguments: str
    output: str


class TurnOver(Struct, frozen=True):
    """A turn has ended, with its record."""

    turn: Json
    request_id: int = 0


class LateTokens(Struct, frozen=True):
    """The tokens of an answer whose turn is over already (see `Tokens`)."""

    tokens: Json


class Remember(Struct, frozen=True):
    """Store these lines before any later effect is carried out, so that the next process has them."""

    entries: list[HistoryEntry]


class HistoryCleared(Struct, frozen=True):
    """The conversation is forgotten: delete it wherever it is stored."""


class ButtonStuck(Struct, frozen=True):
    """The button is down for longer than anybody speaks, or has been released at last."""

    stuck: bool


class UserAlert(Struct, frozen=True):
    """A problem that the user should see for a moment and find in the log."""

    message: str


class SettingsRejected(Struct, frozen=True):
    """The server has not taken all settings: a warning for the log."""

    message: str


class ServerNotice(Struct, frozen=True):
    """A note for the log."""

    message: str


Effect: TypeAlias = (
    Connect
    | Disconnect
    | Send
    | Probe
    | SetCapture
    | Play
    | PlayEnd
    | StopPlayback
    | Earcon
    | StopEarcon
    | RunTool
    | WriteOutput
    | DeviceAnswered
    | StateChanged
    | HandsFreeChanged
    | MuteChanged
    | LinkChanged
    | Words
    | ToolReport
    | TurnOver
    | LateTokens
    | Remember
    | HistoryCleared
    | ButtonStuck
    | UserAlert
    | SettingsRejected
    | ServerNotice
)
