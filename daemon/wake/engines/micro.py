"""microWakeWord: four words in the package, 0.2 % of a core for each beside 0.15 % for all.

A model judges 30 ms at a time. What counts is the mean of its last five judgements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from daemon.audio.pcm import to_pcm16
from daemon.wake.detector import RATE_HZ, REMEDY, Detection, OpenDetector, Refractory, WakeEngine, WakeError
from hardware.ports import Mono

if TYPE_CHECKING:
    from pymicro_wakeword import MicroWakeWord

PACKAGE: Final = "pymicro-wakeword"
LEAST: Final = (2, 5)
LAGS_S: Final = {"alexa": 0.2, "hey_jarvis": 0.12, "hey_mycroft": 0.0, "okay_nabu": 0.15}
"""How long after a word's end its model is sure of it: the median of 18 voices, near and in a room."""
WORDS: Final = tuple(LAGS_S)
_LAG_S: Final = 0.12  # of a model of the owner's

STEP: Final = 160  # samples from one set of features to the next
LEAD: Final = 320  # the first set takes so many more
_SPREAD: Final = 16.0  # so much farther from certainty is the threshold at 100 than at 50


class MicroDetector:
    """Any number of words on one set of features. A word is named as in the configuration."""

    def __init__(self, words: Sequence[str], sensitivity: int) -> None:
        from pymicro_wakeword import MicroWakeWordFeatures

        self._features = MicroWakeWordFeatures()
        self._models = {word: _model(word) for word in words}
        self._thresholds = {
            word: threshold(model.probability_cutoff, sensitivity) for word, model in self._models.items()
        }
        self._refractory = Refractory()
        self._fed = 0
        self._judged = LEAD

    def detect(self, samples: Mono) -> Detection | None:
        """Hear the next samples; the first word in them, if there is one."""
        self._fed += len(samples)
        word = self._refractory.first(self._found(to_pcm16(samples)))
        if self._refractory.stuck:
            self.reset()
        return word

    def reset(self) -> None:
        """The next samples follow on a gap."""
        self._judged = self._fed + LEAD
        self._refractory = Refractory()
        self._features.reset()
        for model in self._models.values():
            model.reset()

    def _found(self, pcm: bytes) -> Iterator[Detection]:
        for features in self._features.process_streaming(pcm):
            self._judged += STEP
            for word, model in self._models.items():
                probability = model.process_streaming_prob(features)
                if probability is not None and probability > self._thresholds[word]:
                    lag = int(LAGS_S.get(word, _LAG_S) * RATE_HZ)
                    yield Detection(word, max(0, self._judged - lag))


def threshold(cutoff: float, sensitivity: int) -> float:
    """The mean that is enough where a model's makers advise `cutoff`, which is what 50 percent takes."""
    return float(1.0 - (1.0 - cutoff) * _SPREAD ** (sensitivity / 50 - 1))


def _model(word: str) -> MicroWakeWord:
    from pymicro_wakeword import MicroWakeWord, Model

    if word in WORDS:
        return MicroWakeWord.from_builtin(Model(word))
    _refuse_broken(Path(word), MicroWakeWord.from_builtin(Model(WORDS[0])).lib)
    return MicroWakeWord.from_config(word)


def _refuse_broken(description: Path, library: Any) -> None:
    """Raises WakeError for a model of the owner's that would end the process when it is loaded."""
    try:
        told = json.loads(description.read_text("utf-8"))
        model = description.parent / told["model"]
        model.read_bytes()
        float(told["micro"]["probability_cutoff"]), int(told["micro"]["sliding_window_size"])
        str(told["wake_word"])
    except OSError as error:
        raise WakeError(
            f"The wake word {description} cannot be read ({error.strerror}): put its .json there, "
            "and the .tflite that it names beside it."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise WakeError(
            f"The wake word {description} does not describe a model of microWakeWord: take the .json "
            "that came with the .tflite."
        ) from error
    if not _runs(library, str(model.resolve()).encode()):
        raise WakeError(f"The wake word {model} is no model that can be used: copy it here once more.")


def _runs(library: Any, path: bytes) -> bool:
    """Whether the library makes something of this file: the package would go on without asking."""
    model = library.TfLiteModelCreateFromFile(path)
    interpreter = library.TfLiteInterpreterCreate(model, None) if model else None
    runs = bool(interpreter) and library.TfLiteInterpreterAllocateTensors(interpreter) == 0
    if interpreter:
        library.TfLiteInterpreterDelete(interpreter)
    if model:
        library.TfLiteModelDelete(model)
    return runs


def _load() -> OpenDetector:
    from importlib.metadata import version

    import pymicro_wakeword  # noqa: F401

    found = version(PACKAGE)
    if tuple(int(part) for part in found.split(".")[:2]) < LEAST:
        needed = ".".join(map(str, LEAST))
        raise WakeError(f"The wake word needs {PACKAGE} {needed} or later, here is {found}: {REMEDY}.")
    return MicroDetector


ENGINE: Final = WakeEngine((PACKAGE,), _load, WORDS, ".json")
