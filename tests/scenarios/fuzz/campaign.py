"""Inputs are made, tried, and kept where something breaks; the same seed makes the same inputs."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final, Protocol

from tests.scenarios.fuzz.hints import Hints
from tests.scenarios.fuzz.meter import LIMIT_S, Meter
from tests.scenarios.fuzz.readers import Configuration, Decode, ToolArguments
from tests.scenarios.fuzz.talkers import BrainSession, ControlSocket

OUT: Final = Path("out/fuzz")
LARGE_EVERY: Final = 20
_TRIES: Final = 3


class Target(Protocol):
    """Something that reads what others wrote."""

    @property
    def name(self) -> str:
        """For reports and files."""

    def make(self, rng: Random, large: bool) -> bytes:
        """An input; a large one has about 1 MB."""

    def run(self, data: bytes, meter: Meter) -> None:
        """Read it; whatever comes out of here is a finding."""


TARGETS: Final[dict[str, Target]] = {
    target.name: target
    for target in (Decode(), Configuration(), ControlSocket(), ToolArguments(), BrainSession(), Hints())
}


@dataclass(frozen=True)
class Finding:
    """An input that breaks a promise, where it is kept, and how."""

    target: str
    path: Path
    problem: str

    def __str__(self) -> str:
        return (
            f"{self.target}: {self.problem}\n"
            f"  the input is in {self.path}; again: python -m tests.scenarios.fuzz --replay {self.path}"
        )


def inputs(target: Target, seed: int) -> Iterator[bytes]:
    """Without an end; now and then a large one."""
    for number in range(2**62):
        rng = Random(f"{seed} {target.name} {number}")
        yield target.make(rng, large=number % LARGE_EVERY == LARGE_EVERY - 1)


def tried(target: Target, data: bytes) -> str:
    """What is wrong with the way this input is read; nothing if all is well."""
    worst_s = float("inf")
    for _ in range(_TRIES):
        meter = Meter()
        try:
            target.run(data, meter)
        except Exception as error:
            return "".join(traceback.format_exception(error)[-6:])[-3000:]
        worst_s = min(worst_s, meter.worst_s)
        if worst_s <= LIMIT_S:
            return ""
    return f"one call took {worst_s:.2f} s of the processor, more than {LIMIT_S} s"


def kept(target: Target, data: bytes, problem: str, folder: Path = OUT) -> Finding:
    """Save the input, so that it can be tried again."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return Finding(target.name, path, problem)
