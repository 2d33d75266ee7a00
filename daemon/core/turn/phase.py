"""The phases of a turn and all transitions between them.

A question is spoken or typed; it WAITS until it can be posed, is ASKED, and is ANSWERED from the first sign
of an answer on. There the question becomes history: an answer that broke off may have set a device, so its
question is never asked again by itself. That decides what a lost connection means. Before any answer the turn
is LOST and asked anew, on the next connection; after tool calls it is SUSPENDED, and goes on from their
outputs; else the answer ends with what has come.

A spoken question opens the microphone at the press, and is complete only when the tail has come: at the
release some sound is still in the card. A press while it still waits continues it. A barge-in ends a turn,
but what the user heard of it is known only when the speaker has reported it, so it stays INTERRUPTED until
then.

A turn may end in any phase, with a TurnOver or, after a mere tap, without; then it is dropped, so the table
has no edge for it. Each phase that waits for someone else has a timer (`TurnTimer`), so every turn ends.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final

from daemon.core.transitions import TransitionTable


class TurnPhase(Enum):
    """The phases of a turn."""

    LISTENING = "listening"
    CLOSING = "closing"
    WAITING = "waiting"
    ASKED = "asked"
    ANSWERED = "answered"
    LOST = "lost"
    SUSPENDED = "suspended"
    INTERRUPTED = "interrupted"


class TurnCause(Enum):
    """The causes of its transitions."""

    RELEASED = "the button is released, or was held too long"
    CAPTURED = "the tail of the sound has come"
    CONTINUED = "pressed again"
    TAKEN = "the server's voice detection has committed it"
    POSED = "posed"
    ANSWERED = "an answer begins, or the user interrupts"
    DISCONNECTED = "the connection is lost"
    RECONNECTED = "the next connection is ready"
    INTERRUPTED = "barge-in, or stop"


class TurnTimer(StrEnum):
    """The timers of a turn: each limits how long something is waited for."""

    UTTERANCE = "utterance"  # the end of what is said
    TAIL = "tail"  # the last of the sound, which is still in the card at the release
    SPEECH = "speech"  # the first word, if the button need not be held
    WITHDRAWN = "withdrawn"  # whether the server has heard, and answers, a question that was withdrawn
    WAIT = "wait"  # a connection
    STALL = "stall"  # the next sign of an answer
    LONG = "long"  # the end of an answer
    CANCEL = "cancel"  # the end of an answer that was cancelled
    TOOLS = "tools"  # the outputs of the tools
    TTS = "tts"  # the next sound of the offline TTS
    DRAIN = "drain"  # the last sample to be played
    CUT = "cut"  # the speaker's report of what was heard


_P, _C = TurnPhase, TurnCause
TURN: Final = TransitionTable(
    {
        (_P.LISTENING, _C.RELEASED): _P.CLOSING,
        (_P.LISTENING, _C.TAKEN): _P.ASKED,
        (_P.CLOSING, _C.CAPTURED): _P.WAITING,
        (_P.CLOSING, _C.CONTINUED): _P.LISTENING,
        (_P.WAITING, _C.CONTINUED): _P.LISTENING,
        (_P.WAITING, _C.POSED): _P.ASKED,
        (_P.ASKED, _C.ANSWERED): _P.ANSWERED,
        (_P.ASKED, _C.DISCONNECTED): _P.LOST,
        (_P.ANSWERED, _C.DISCONNECTED): _P.SUSPENDED,
        (_P.ANSWERED, _C.INTERRUPTED): _P.INTERRUPTED,
        (_P.LOST, _C.RECONNECTED): _P.WAITING,
        (_P.LOST, _C.ANSWERED): _P.ANSWERED,
        (_P.SUSPENDED, _C.RECONNECTED): _P.ANSWERED,
        (_P.SUSPENDED, _C.INTERRUPTED): _P.INTERRUPTED,
    }
)
SPOKEN: Final = frozenset({_P.LISTENING, _P.CLOSING})
"""Phases in which the question is not complete."""
CUT_OFF: Final = frozenset({_P.LOST, _P.SUSPENDED})
"""Phases that the next connection resumes."""
