"""What can happen: the inputs of `Machine.step`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from daemon.audio.jitter_buffer import Cut
from daemon.devices.requests import Request
from daemon.realtime.events import Json, ServerEvent


class Start(Struct, frozen=True):
    """The service is up: connect, and put the outputs into their first state."""


class ButtonEdge(Struct, frozen=True):
    """A raw edge of the button, bounces included; `at` is when the callback ran."""

    pressed: bool
    at: float


Opener: TypeAlias = Literal["button", "wake"]
"""What opens a conversation."""


class Opened(Struct, frozen=True):
    """The user wants to be listened to and has not pressed the button; `at` is when that was known."""

    by: Opener
    at: float


class SpeechEnded(Struct, frozen=True):
    """Behind a wake word a pause has followed on what was said, or (not `spoken`) nothing was said."""

    spoken: bool


class Captured(Struct, frozen=True):
    """Sound from the microphone: PCM16 mono 24 kHz."""

    pcm: bytes


class MicrophoneUnavailable(Struct, frozen=True):
    """The microphone was asked for and is not there, or has failed while open."""


class CaptureEnded(Struct, frozen=True):
    """The microphone has delivered the last of its sound."""


class PlaybackStarted(Struct, frozen=True):
    """The first sample of an item has been handed to the speaker."""

    item_id: str
    at: float


class PlaybackDrained(Struct, frozen=True):
    """Everything queued has been played; these items to their ends."""

    items: tuple[str, ...]


class PlaybackStopped(Struct, frozen=True):
    """The speaker is silent, in answer to StopPlayback."""

    cut: Cut


class SpeakerLost(Struct, frozen=True):
    """The speaker has failed: what it has not played is never heard."""

    cut: Cut


class Unplayed(Struct, frozen=True):
    """Audio of this item came while the speaker did not work."""

    item_id: str


class Xrun(Struct, frozen=True):
    """A sound card lost frames (`overrun`) or ran dry (`underrun`)."""

    kind: Literal["overrun", "underrun"]


class Connected(Struct, frozen=True):
    """The websocket of this number is open; `server_s` is the server's clock, seconds since 1970."""

    conn: int
    server_s: float | None = None


class Received(Struct, frozen=True):
    """An event from the server on the connection of this number."""

    conn: int
    event: ServerEvent


class Disconnected(Struct, frozen=True):
    """The connection has ended or could not be made.

    `code` is the close code or the HTTP status of a refused handshake, 0 where there was neither.
    """

    conn: int
    code: int
    reason: str
    retry_after_s: float = 0.0


class ToolDone(Struct, frozen=True):
    """A tool has answered."""

    key: str
    output: str


class DeviceAsked(Struct, frozen=True):
    """A tool wants an output changed; the answer carries the same id."""

    request_id: int
    request: Request


class TextAsked(Struct, frozen=True):
    """A user typed a turn; TurnOver carries the same id."""

    text: str
    request_id: int = 0


class SayAsked(Struct, frozen=True):
    """Speak this text, outside the conversation."""

    text: str
    request_id: int = 0


class StopAsked(Struct, frozen=True):
    """Be silent and idle."""


class ForgetAsked(Struct, frozen=True):
    """Forget the conversation."""


class MuteAsked(Struct, frozen=True):
    """Mute or unmute the microphone; not `at_once`, what is being answered is said to its end."""

    muted: bool
    at_once: bool = True


class ToolsKnown(Struct, frozen=True):
    """The tools that the model may call from now on."""

    tools: list[Json]


class Tick(Struct, frozen=True):
    """The deadline has come."""


Input: TypeAlias = (
    Start
    | ButtonEdge
    | Opened
    | SpeechEnded
    | Captured
    | MicrophoneUnavailable
    | CaptureEnded
    | PlaybackStarted
    | PlaybackDrained
    | PlaybackStopped
    | SpeakerLost
    | Unplayed
    | Xrun
    | Connected
    | Received
    | Disconnected
    | ToolDone
    | DeviceAsked
    | TextAsked
    | SayAsked
    | StopAsked
    | ForgetAsked
    | MuteAsked
    | ToolsKnown
    | Tick
)
