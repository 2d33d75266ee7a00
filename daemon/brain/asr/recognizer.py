"""Speech recognition: samples and a grammar in, a meaning and how certain it is out.

`small` searches phone posteriors along a word graph; `both` acts only where Moonshine reads the same meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
    """What the recogniser makes of one utterance.

    `words` is the best reading, for the transcript, even where it is refused; empty where nobody spoke.
    `meaning` is None where it is refused. `scores` go to the log.
    """

    words: str
    meaning: Meaning | None
    certainty: Certainty
    scores: dict[str, float] = field(default_factory=dict)


class Recognizer(Protocol):
    """A speech recogniser. Both methods take tens of milliseconds or more: call them off the loop."""

    def prepare(self, grammar: Grammar) -> None:
        """Build and keep what the search needs for this grammar; new names cost some milliseconds a word."""

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        """Recognise one utterance; `pending` is what the brain has just asked back, if it has."""


def confirmed(recognition: Recognition, pending: Meaning | None) -> Recognition:
    """An answer to the brain's question needs no question of its own; the same command again is a yes."""
    if recognition.certainty != "ask" or pending is None or recognition.meaning is None:
        return recognition
    answers = recognition.meaning == pending or recognition.meaning.kind in ("yes", "no")
    return replace(recognition, certainty="sure") if answers else recognition
