"""The second recogniser: Moonshine tiny, unconstrained or constrained to the sentences of a grammar."""

from __future__ import annotations

import functools
import importlib.util
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from daemon.brain.asr.constrained_decoding import AutomatonState, LetterAutomaton, Trie
from daemon.brain.asr.viterbi import Floats
from daemon.brain.lean_session import open_session

Memory: TypeAlias = dict[str, npt.NDArray[np.float32]]

BEGIN, END = 1, 2
BEAM = 4
PIECES_PER_S = 6.5
LEAST_PIECES = 24
WORST = 20.0
SAMPLES_PER_FRAME = 384


@dataclass(frozen=True)
class FreeReading:
    """The unconstrained transcript, and how sentences of the grammar compare with it.

    `best` is the likeliest sentence of the grammar, empty where none was found. `gap` is how much likelier
    the free text is (natural log) than the proposed sentence, `best_gap` than the best; at most 20. It is
    that of the whole sentence: one word more or less makes as much of a difference in a long one.
    """

    free_text: str
    gap: float
    best: str
    best_gap: float


@dataclass(frozen=True)
class _Draft:
    score: float
    pieces: tuple[int, ...]
    state: AutomatonState


class Moonshine:
    """Encoder and decoder in onnxruntime. Raises ImportError where a package is missing.

    They are loaded in the background; who comes earlier waits, and is told what went wrong.
    """

    def __init__(self) -> None:
        import onnxruntime  # noqa: F401 - where it is missing it is told now.

        folder = _model_folder()
        loading = ThreadPoolExecutor(2, "moonshine")
        self._encoder = loading.submit(open_session, folder / "encoder_model.ort")
        self._decoder = loading.submit(open_session, folder / "decoder_model_merged.ort")
        loading.shutdown(wait=False)
        self._vocabulary = _vocabulary((folder / "tokenizer.bin").read_bytes())
        self.trie = Trie.of(self._vocabulary)

    def read(
        self, samples: Floats, proposal: LetterAutomaton | None, grammar: LetterAutomaton
    ) -> FreeReading:
        """Score a proposed sentence, and search the grammar for the best one. 16 kHz."""
        sound, most = self.encode(samples), _most_pieces(samples)
        free, free_score = self._write_freely(sound, most)
        longest = max(most, LEAST_PIECES)
        proposed = self._write_held(sound, proposal, longest, None) if proposal else None
        best = self._write_held(sound, grammar, longest, proposed)

        def gap(draft: _Draft | None) -> float:
            return min(free_score - draft.score, WORST) if draft else WORST

        return FreeReading(
            self._text(free), gap(proposed), self._text(best.pieces) if best else "", gap(best)
        )

    def encode(self, samples: Floats) -> Floats:
        """What the encoder makes of the samples, 16 kHz: shape (1, frames, features)."""
        waveform = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
        encoder = self._encoder.result()
        first, *masks = (node.name for node in encoder.get_inputs())
        feeds = {first: waveform, **dict.fromkeys(masks, np.ones_like(waveform, np.int64))}
        encoded: Floats = encoder.run(None, feeds)[0]
        return encoded

    @functools.cached_property
    def _memory_shapes(self) -> dict[str, list[Any]]:
        """What the decoder remembers, by the names of its inputs."""
        inputs = self._decoder.result().get_inputs()
        return {node.name: node.shape for node in inputs if node.name.startswith("past")}

    def _write_freely(self, sound: Floats, most: int) -> tuple[tuple[int, ...], float]:
        pieces: tuple[int, ...] = ()
        score, memory, piece = 0.0, None, BEGIN
        for _ in range(most):
            likely, memory = self._step(sound, [piece], memory)
            piece = int(likely[0].argmax())
            score += float(likely[0, piece])
            if piece == END:
                break
            pieces += (piece,)
        return pieces, score

    def _write_held(
        self, sound: Floats, automaton: LetterAutomaton, most: int, done: _Draft | None
    ) -> _Draft | None:
        """Beam search inside the automaton for a sentence that is better than `done`."""
        drafts, memory = [_Draft(0.0, (), automaton.start)], None
        for _ in range(most):
            last = [draft.pieces[-1] if draft.pieces else BEGIN for draft in drafts]
            likely, memory = self._step(sound, last, memory)
            onward: list[tuple[int, _Draft]] = []
            for row, draft in enumerate(drafts):
                allowed = automaton.allowed(draft.state)
                if allowed.may_end and (done is None or draft.score + likely[row, END] > done.score):
                    done = _Draft(draft.score + float(likely[row, END]), draft.pieces, draft.state)
                scores = draft.score + likely[row, allowed.pieces]
                for best in np.argsort(-scores)[:BEAM]:
                    pieces = (*draft.pieces, int(allowed.pieces[best]))
                    onward.append((row, _Draft(float(scores[best]), pieces, allowed.states[best])))
            onward.sort(key=lambda choice: -choice[1].score)
            least = done.score if done else -np.inf
            kept = [choice for choice in onward[:BEAM] if choice[1].score > least]
            if not kept:
                break
            drafts = [draft for _, draft in kept]
            rows = [row for row, _ in kept]
            memory = {name: _rows(name, values, rows) for name, values in memory.items()}
        return done

    def _step(self, sound: Floats, pieces: list[int], memory: Memory | None) -> tuple[Floats, Memory]:
        """Log likelihood of every next piece, for a batch of drafts, and the decoder's cache."""
        batch = len(pieces)
        past = memory or {
            name: np.zeros((batch, shape[1], 0, shape[3]), np.float32)
            for name, shape in self._memory_shapes.items()
        }
        feeds: dict[str, npt.NDArray[np.generic]] = {
            **past,
            "input_ids": np.array(pieces, np.int64).reshape(batch, 1),
            "encoder_hidden_states": np.repeat(sound, batch, axis=0),
        }
        optional = {
            # The decoder needs a mask of samples, and reads the first of each frame.
            "encoder_attention_mask": np.ones((batch, sound.shape[1] * SAMPLES_PER_FRAME), np.int64),
            "use_cache_branch": np.array([memory is not None]),
        }
        decoder = self._decoder.result()
        feeds |= {node.name: optional[node.name] for node in decoder.get_inputs() if node.name in optional}
        outputs = [node.name for node in decoder.get_outputs()]
        found = dict(zip(outputs, decoder.run(outputs, feeds), strict=True))
        after = {
            name: past[name]
            if memory and ".encoder." in name
            else found["present" + name.removeprefix("past_key_values")]
            for name in self._memory_shapes
        }
        logits = found["logits"][:, -1].astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), after

    def _text(self, pieces: tuple[int, ...]) -> str:
        written = b"".join(self._vocabulary[piece] for piece in pieces)
        return written.decode("utf-8", "ignore").replace("▁", " ").strip()


def _rows(name: str, values: Floats, rows: list[int]) -> Floats:
    """What the decoder remembers of these drafts; of the sound, which they share, nothing is copied."""
    if ".encoder." not in name:
        return values[rows]
    return values[: len(rows)] if len(rows) <= len(values) else np.repeat(values[:1], len(rows), axis=0)


def _model_folder() -> Path:
    spec = importlib.util.find_spec("moonshine_voice")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("No module named 'moonshine_voice'", name="moonshine_voice")
    return Path(spec.submodule_search_locations[0]) / "assets" / "tiny-en"


def _most_pieces(samples: Floats) -> int:
    return int(len(samples) / 16000 * PIECES_PER_S) + 4


def _vocabulary(data: bytes) -> list[bytes]:
    """The pieces of a tokenizer file: each a length (one byte, or two from 128 up) and its bytes."""
    file, pieces = io.BytesIO(data), []
    while head := file.read(1):
        length = head[0]
        if length >= 128:
            length += 128 * file.read(1)[0] - 128
        pieces.append(file.read(length))
    return pieces
