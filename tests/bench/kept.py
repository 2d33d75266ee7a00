"""What takes long and never changes, kept between runs: what the acoustic models make of each sound."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from daemon.brain.asr.acoustic_model import Hama
from daemon.brain.asr.moonshine import Moonshine
from daemon.brain.asr.viterbi import Floats

Item = TypeVar("Item")


class KeptArrays:
    """Arrays made from samples, half as precise, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, samples: Floats, make: Callable[[Floats], Floats]) -> Floats:
        """The array of these samples, made if it is new."""
        path = self._folder / f"{digest(np.ascontiguousarray(samples, np.float32).tobytes())}.npy"
        if not path.exists():
            np.save(path, make(samples).astype(np.float16))
        return np.load(path).astype(np.float32)  # type: ignore[no-any-return]


class KeptHama(Hama):
    """Hama, which hears each sound once."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self._arrays = KeptArrays(cache / "hama")

    def log_posteriors(self, samples: Floats) -> Floats:
        return self._arrays.get(samples, super().log_posteriors)


class KeptMoonshine(Moonshine):
    """Moonshine, whose encoder hears each sound once."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self._arrays = KeptArrays(cache / "moonshine")

    def encode(self, samples: Floats) -> Floats:
        return self._arrays.get(samples, super().encode)


def digest(content: bytes) -> str:
    """A short name for some bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def progress(items: Sequence[Item], title: str) -> Iterator[Item]:
    """The items, with a line on standard error that counts them."""
    for number, item in enumerate(items, start=1):
        if number % 20 == 0 or number == len(items):
            print(f"\r{title}: {number} of {len(items)}   ", end="", file=sys.stderr, flush=True)
        yield item
    print(file=sys.stderr)
