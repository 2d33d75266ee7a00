"""Learn which phones are mistaken for which: `python -m tests.bench.train_confusions MANIFEST`.

MANIFEST is a JSON list of {"file", "text", "kind"} with 16 kHz mono WAV files beside it. Every clip whose
kind begins with `cmd` is used as it is and with the reverberation of a room; the weights go to
daemon/brain/asr/confusions.npy. Learn again with clips of your own voice to be understood better.
"""

from __future__ import annotations

import argparse
import json
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from daemon.brain.asr import acoustic_model
from daemon.brain.asr.acoustic_model import Hama, Scorer
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.asr.lexicon import Lexicon
from daemon.brain.asr.preprocessing import clean
from daemon.brain.asr.viterbi import IMPOSSIBLE, Floats, Ints, Layout, WordGraph
from daemon.brain.asr.word_network import Network
from daemon.brain.nlu.template_syntax import plain

RATE_HZ = 16_000
PRIOR_SECONDS = 5.0
PRIOR_RIGHT = 0.9
PRIOR_WRONG = 0.02

RT60_S = 0.3
TAIL_GAIN = 0.035
NOISE_BELOW_SPEECH_DB = 15.0
SPEECH_RANGE_DB = 25.0


def read_clip(path: Path) -> Floats:
    """The samples of a 16 kHz mono 16-bit WAV file."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples.astype(np.float32) / np.float32(32768)


def in_room(samples: Floats, seed: int) -> Floats:
    """The clip in a small reverberant room, with pink noise 15 dB below the speech, both by the seed."""
    random = np.random.default_rng(seed)
    time_s = np.arange(int(RT60_S * RATE_HZ)) / RATE_HZ
    response = random.standard_normal(len(time_s)) * 10 ** (-3 * time_s / RT60_S) * TAIL_GAIN
    response[0] = 1.0
    length = len(samples) + len(response) - 1
    spectrum = np.fft.rfft(samples, length) * np.fft.rfft(response, length)
    noisy = np.fft.irfft(spectrum, length)[: len(samples)].astype(np.float32)
    gain = speech_level(noisy) * 10 ** (-NOISE_BELOW_SPEECH_DB / 20)
    noisy += np.float32(gain) * pink_noise(len(noisy), random)
    return noisy * np.float32(min(1.0, 0.99 / float(np.abs(noisy).max())))


def speech_level(samples: Floats) -> float:
    """The RMS of the 20 ms frames within 25 dB of the loudest."""
    power = (samples[: len(samples) // 320 * 320].reshape(-1, 320) ** 2).mean(axis=1)
    return float(np.sqrt(power[power > power.max() * 10 ** (-SPEECH_RANGE_DB / 10)].mean()))


def pink_noise(frames: int, random: np.random.Generator) -> Floats:
    """Noise that falls by 3 dB an octave, RMS 1."""
    spectrum = np.fft.rfft(random.standard_normal(frames))
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, frames)
    scaled: Floats = (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return scaled


def learn_confusions(scorer: Scorer, lexicon: Lexicon, spoken: Iterable[tuple[Floats, str]]) -> Floats:
    """Weights [spoken, recognised], 1 on the diagonal, from log posteriors and the words spoken.

    `scorer` is one without confusions. By the prior, phones that never occur are hardly confused.
    """
    size = scorer.blank + 1
    seconds = np.eye(size) * PRIOR_RIGHT * PRIOR_SECONDS + PRIOR_WRONG * PRIOR_SECONDS / size
    for log_posteriors, text in spoken:
        scores, _ = scorer.scores(log_posteriors)
        labels = _aligned(scorer, lexicon, scores, text)
        known = labels < size
        np.add.at(seconds, labels[known], np.exp(scores[known, :size]))
    return np.minimum(seconds / np.diag(seconds)[:, None], 1).astype(np.float32)


def _aligned(scorer: Scorer, lexicon: Lexicon, scores: Floats, text: str) -> Ints:
    """The label of every frame by forced alignment of the text; an invalid one if it cannot be aligned."""
    layout = Layout.of(
        Network(plain(text)), lambda word: [scorer.labels(form) for form in lexicon.pronunciations(word)]
    )
    graph = WordGraph(layout, scorer.blank)
    path, _ = graph.best(scores)
    if not path.words:
        return np.full(len(scores), scores.shape[1])
    phones = [graph.labels[graph.first[word.arc] : graph.last[word.arc] + 1 : 2] for word in path.words]
    return align(scores, np.concatenate(phones), scorer.blank)


def align(scores: Floats, phones: Ints, blank: int) -> Ints:
    """The CTC state of every frame: `phones` with blanks between them, by Viterbi."""
    labels = np.full(2 * len(phones) + 1, blank)
    labels[1::2] = phones
    skips = np.full(len(labels), IMPOSSIBLE)
    skips[3::2] = np.where(phones[1:] != phones[:-1], 0, IMPOSSIBLE)
    tokens = np.full(len(labels), IMPOSSIBLE)
    tokens[:2] = scores[0][labels[:2]]
    steps = np.zeros((len(scores), len(labels)), np.int8)
    for frame in range(1, len(scores)):
        one_back = np.concatenate([[IMPOSSIBLE], tokens[:-1]])
        two_back = np.concatenate([[IMPOSSIBLE, IMPOSSIBLE], tokens[:-2]]) + skips
        moves = np.stack([tokens, one_back, two_back])
        steps[frame] = moves.argmax(axis=0)
        tokens = moves.max(axis=0) + scores[frame][labels]
    state = len(labels) - (1 if tokens[-1] >= tokens[-2] else 2)
    states = [state]
    for frame in range(len(scores) - 1, 0, -1):
        state -= int(steps[frame, state])
        states.append(state)
    return labels[states[::-1]]


def main() -> None:
    """Learn the weights from a manifest."""
    parser = argparse.ArgumentParser(description="Learn which phones are mistaken for which.")
    parser.add_argument("manifest", type=Path)
    options = parser.parse_args()
    model = Hama()
    scorer, lexicon = Scorer(model.tokens), Lexicon(model.spell_out, Dictionary())
    rows = [row for row in json.loads(options.manifest.read_text()) if row["kind"].startswith("cmd")]
    spoken = []
    for seed, row in enumerate(rows):
        samples = read_clip(options.manifest.parent / row["file"])
        spoken += [
            (model.log_posteriors(clean(clip).samples), row["text"])
            for clip in (samples, in_room(samples, seed))
        ]
    weights = learn_confusions(scorer, lexicon, spoken)
    np.save(Path(acoustic_model.__file__).with_name("confusions.npy"), weights.astype(np.float16))


if __name__ == "__main__":
    main()
