"""Speech recognition: samples and a grammar to a meaning with its certainty.

`small` searches phone posteriors along a word graph; `both` acts only if Moonshine agrees on the meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from daemon.brain.asr.confidence import Certainty
from daemon.brain.asr.preprocessing import Mono16k
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.errors import EngineError

__all__ = ["Certainty", "Mono16k", "Recognition", "Recognizer", "RecognizerError", "confirmed"]


class RecognizerError(EngineError):
    """An engine cannot be loaded; the message is one sentence with the remedy."""


@dataclass(frozen=True)
class Recognition:
    """The result for one utterance.

    `words` is the best transcript, even if the utterance is refused; empty if nobody spoke. `meaning` is None
    if it is refused.
    """

    words: str
    meaning: Meaning | None
    certainty: Certainty


class Recognizer(Protocol):
    """A speech recogniser. Both methods take tens of milliseconds or more: call them off the loop."""

    def prepare(self, grammar: Grammar) -> None:
        """Build and cache what the search needs for this grammar; new names cost some milliseconds a word."""

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        """Recognise one utterance; `pending` is what the brain has just asked back, if it has."""


def confirmed(recognition: Recognition, pending: Meaning | None) -> Recognition:
    """Sure if it answers the brain's pending question: yes, no, or the same command again."""
    if recognition.certainty != "ask" or pending is None or recognition.meaning is None:
        return recognition
    answers = recognition.meaning == pending or recognition.meaning.kind in ("yes", "no")
    return replace(recognition, certainty="sure") if answers else recognition
