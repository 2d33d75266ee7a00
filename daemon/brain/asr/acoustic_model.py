"""The likelihood of each phone in each frame, by the acoustic model of the package `hama`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import numpy as np

from daemon.brain.asr.lexicon import BLANK, CLASSES, WEAK, Pronunciation, class_of
from daemon.brain.asr.viterbi import Floats

FLOOR = 1e-5
WEAK_VOWELS = ("AH", "IY", "IH")


class Hama:
    """The acoustic model and its letter-to-sound rules. Raises ImportError if the package is missing."""

    def __init__(self) -> None:
        from hama.asr import ASRModel

        model = ASRModel()  # Not kept: its vocabulary is that of the letter-to-sound rules.
        self._session = model.session
        self._speller: Callable[[str], Any] | None = None
        self.tokens: list[str] = list(model.decoder_tokens)

    def log_posteriors(self, samples: Floats) -> Floats:
        """Natural log of each token's probability, shape (frames, tokens), 20 ms a frame; 16 kHz in."""
        waveform = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
        lengths = np.array([waveform.shape[1]], np.int64)
        outputs, frames = self._session.run(
            ["log_probs", "out_lengths"], {"waveform": waveform, "waveform_lengths": lengths}
        )
        found: Floats = outputs[0][: int(frames[0])]
        return found

    def spell_out(self, word: str) -> list[str]:
        """The tokens of a word, by the letter-to-sound rules that the model was trained with."""
        from hama import G2PModel

        if self._speller is None:
            self._speller = G2PModel()
        return [aligned.phoneme for aligned in self._speller(word).alignments]


class Scorer:
    """Tokens to labels: phone classes, then the blank, then `any weak vowel`.

    `confusions[spoken, recognised]` lets a phone count where another was found that it is often mistaken for.
    """

    def __init__(self, tokens: Sequence[str], confusions: Floats | None = None) -> None:
        self.label_of = {name: index for index, name in enumerate([*CLASSES, BLANK, WEAK])}
        self.blank = self.label_of[BLANK]
        belongs = np.zeros((len(tokens), self.blank + 1), np.float32)
        for row, token in enumerate(tokens):
            belongs[row, self.label_of[class_of(token)]] = 1
        self._belongs = belongs
        softened = belongs if confusions is None else belongs @ confusions.T
        weak = belongs[:, [self.label_of[name] for name in WEAK_VOWELS]].sum(axis=1, keepdims=True)
        self._softened = np.concatenate([softened, weak], axis=1)

    def scores(self, log_posteriors: Floats) -> tuple[Floats, Floats]:
        """Log scores of the labels, shape (frames, labels), and the best plain score of every frame."""
        likely = np.exp(log_posteriors)
        greedy = np.log(np.maximum((likely @ self._belongs).max(axis=1), FLOOR))
        return np.log(np.maximum(likely @ self._softened, FLOOR)), greedy

    def count_phones(self, log_posteriors: Floats) -> int:
        """How many phones greedy decoding finds: repeats in a row count once, blanks never."""
        labels = self._belongs[log_posteriors.argmax(axis=1)].argmax(axis=1)
        changed = np.diff(labels, prepend=self.blank) != 0
        return int(np.count_nonzero(changed & (labels != self.blank)))

    def labels(self, form: Pronunciation) -> list[int]:
        """The labels of a pronunciation; phones that the model does not know are left out."""
        return [self.label_of[phone] for phone in form if phone in self.label_of]


def shipped_confusions() -> Floats:
    """The confusion weights that come with voiced, shape (labels, labels) without the weak vowel."""
    with resources.as_file(resources.files("daemon.brain.asr") / "confusions.npy") as path:
        weights: Floats = np.load(path).astype(np.float32)
    return weights
