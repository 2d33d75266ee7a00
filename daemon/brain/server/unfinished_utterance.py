"""An utterance that is still being spoken, and what was recognised of it before it was over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from daemon.brain.asr.pauses import PauseDetector
from daemon.brain.asr.preprocessing import Mono16k, clean
from daemon.brain.asr.recognizer import Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server.formats import WireFormat

MOST_TRIES = 3


@dataclass(frozen=True)
class EarlyRecognition:
    """The recognition of what the models were given, and for what it holds."""

    given: Mono16k
    grammar: Grammar
    pending: Meaning | None
    recognition: Recognition

    def holds_for(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> bool:
        """The models would be given the same to the last bit: what came since is quiet, which they never get.

        Both attend to all of an utterance, so that scores are the same for no less.
        """
        for_same = (grammar, pending) == (self.grammar, self.pending)
        return for_same and np.array_equal(clean(samples).samples, self.given)


class UnfinishedUtterance:
    """The sound since the last commit."""

    def __init__(self, format: WireFormat) -> None:
        self._format = format
        self._pauses = PauseDetector(format.rate_hz)
        self._tried: list[int] = []
        self.over = False
        """Committed or withdrawn: nothing is recognised early any more."""
        self.early: EarlyRecognition | None = None

    def append(self, sound: bytes) -> None:
        """The next piece."""
        self._pauses.feed(self._format.samples(sound))

    def may_be_whole(self) -> bool:
        """Whether it is worth a try: it is quiet, and this pause was not tried before."""
        end = self._pauses.speech_end()
        if end is None or end in self._tried or len(self._tried) >= MOST_TRIES:
            return False
        self._tried.append(end)
        return True

    def is_quiet(self) -> bool:
        """Whether nothing was said since the latest try."""
        return not self.over and self._pauses.speech_end() in self._tried
