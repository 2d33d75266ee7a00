"""One turn, from the press to the last sample played: what happened in it, and when."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, TypeAlias

from msgspec import Struct, field, structs

from daemon.core.history.usage import Tokens
from daemon.core.turn.phase import TURN, TurnCause, TurnPhase
from daemon.devices.name_index import Spellings
from daemon.realtime.events import Json

_STOP = Spellings(["stop_conversation"])

Source: TypeAlias = Literal["button", "text", "say", "server"]


class Remedy(IntEnum):
    """What is tried, in this order, to give an answer in text only a voice."""

    NONE = 0
    ASKED_AGAIN = 1
    OFFLINE_VOICE = 2
    RECITED = 3
    NOTHING_LEFT = 4

    @property
    def next(self) -> Remedy:
        """What is tried next."""
        return Remedy(min(self + 1, Remedy.NOTHING_LEFT))


class ToolCall(Struct):
    """A tool call. `call_id` is the server's id for it, valid on the connection that it came on.

    `output` is None until the tool has answered.
    """

    call_id: str
    name: str
    arguments: str
    output: str | None = None

    @property
    def stops(self) -> bool:
        """Whether this call ends the conversation, however the model spells its name."""
        return _STOP.meant(self.name) is not None


class TurnTimes(Struct):
    """Seconds on the monotonic clock, None until they are known."""

    pressed_at: float | None = None
    first_frame_at: float | None = None
    released_at: float | None = None
    committed_at: float | None = None
    first_delta_at: float | None = None
    first_sound_at: float | None = None

    def waits_ms(self) -> dict[str, float | None]:
        """How long the user waited for each step."""
        return {
            "press_to_first_frame_ms": _ms(self.pressed_at, self.first_frame_at),
            "release_to_commit_ms": _ms(self.released_at, self.committed_at),
            "commit_to_first_delta_ms": _ms(self.committed_at, self.first_delta_at),
            "first_delta_to_sound_ms": _ms(self.first_delta_at, self.first_sound_at),
        }


class Turn(Struct):
    """The record of a turn.

    `key` is what the history calls its question; those of `calls`, `replies` and `written` are ours too.
    `taken`: the server has made an item of all that was said. `detected`: its voice detection is at work.
    `commit`: our name for the event that asked for the item.
    `voiced`: the answer that was asked for last has a voice; `written`: its items that have words.
    `microphone_missing`, `speaker_failed`: the user was told so.
    """

    number: int
    key: str
    source: Source
    phase: TurnPhase
    text: str = ""
    spoken: tuple[bytes, ...] = ()
    request_id: int = 0
    remedy: Remedy = Remedy.NONE
    voiced: bool = False
    written: dict[str, None] = field(default_factory=dict)
    microphone_missing: bool = False
    speaker_failed: bool = False
    trouble: str = ""
    detected: bool = False
    taken: bool = False
    commit: str = ""
    heard: str = ""
    replies: dict[str, str] = field(default_factory=dict)
    calls: dict[str, ToolCall] = field(default_factory=dict)
    rounds: int = 0
    heard_ms: int = 0
    xruns: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    waits_until: float | None = None
    times: TurnTimes = field(default_factory=TurnTimes)

    def go(self, cause: TurnCause) -> None:
        """Move to the next phase."""
        self.phase = TURN.after(self.phase, cause)

    def ask_anew(self) -> None:
        """Another response is requested, and nothing of it has come yet."""
        self.voiced, self.written = False, {}

    @property
    def heard_out(self) -> bool:
        """Whether the server's voice detection has committed all that it heard."""
        return self.detected and self.taken

    @property
    def unasked(self) -> bool:
        """Whether the server began it by itself, and nothing of it has come yet."""
        return self.source == "server" and not (self.replies or self.calls or self.voiced)

    def record(self) -> Json:
        """The turn as `voiced watch` and the journal have it."""
        return {
            "number": self.number,
            "source": self.source,
            "heard": self.heard or self.text or None,
            "tool_calls": [
                {"name": call.name, "arguments": call.arguments, "output": call.output}
                for call in self.calls.values()
            ],
            "reply": " ".join(text for text in self.replies.values() if text),
            "interrupted": self.phase is TurnPhase.INTERRUPTED,
            "trouble": self.trouble or None,
            "heard_ms": self.heard_ms,
            **self.times.waits_ms(),
            "xruns": self.xruns,
            "tokens": structs.asdict(self.tokens),
        }


def _ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 1)
