"""`python -m tests.bench.echo --speech DIR`: what each canceller leaves of echo, and of commands over it.

The recorded scene first: far end, microphone, near end. Then a simulated loop, speaker to microphone
through a room, for several delays, couplings and clocks apart. Last the commands: while the box speaks,
somebody says each of them, as loud as the echo and 10 dB below it, and the brain's ear hears what comes
out.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.audio.echo.engine import AdaptiveFilter
from daemon.audio.echo.engine_registry import ENGINES, open_filter
from daemon.audio.resampler import Resampler
from daemon.brain.asr.phoneme_recognizer import PhonemeRecognizer
from hardware.ports import Mono
from tests.audio.echo.room import RATE_HZ, Loop, Room, reduction_db
from tests.bench.levels import SHIPPED
from tests.bench.outcome import Outcome
from tests.bench.sounds import Clip, clips
from tests.bench.train_confusions import read_clip
from tests.brain.home import grammar_of

EAR_HZ = 16_000
COMMANDS = 18
LEAD_S = 8.0
PAUSE_S = 1.5
_AWAY = np.float32(0.3)
"""Somebody across the room: the echo must find room above."""
ROUND_S = (0.3, 0.5)
"""How much before and behind a command the ear is given."""

ROOMS = {
    "20 ms, -6 dB": (Room(20, -6), 0.0),
    "100 ms, -12 dB": (Room(100, -12), 0.0),
    "300 ms, -20 dB": (Room(300, -20), 0.0),
    "60 ms, -12 dB, +50 ppm": (Room(60, -12), 50.0),
    "60 ms, -12 dB, -50 ppm": (Room(60, -12), -50.0),
}


class Nothing:
    """The canceller that does nothing."""

    frames = RATE_HZ // 100

    def process(self, microphone: Mono, reference: Mono) -> Mono:
        """The microphone's samples."""
        return microphone

    def reset(self) -> None:
        """There is nothing to forget."""


@dataclass(frozen=True)
class Spoken:
    """A command, and where it lies in the sound."""

    clip: Clip
    start: int
    end: int


def opened(engine: str) -> AdaptiveFilter:
    """The canceller of this name."""
    return Nothing() if engine == "none" else open_filter(engine, RATE_HZ)


def scene(folder: Path) -> tuple[Mono, Mono, Mono]:
    """The recorded scene: far end, microphone, near end."""
    far, microphone, near = (_at_rate(read_clip(folder / f"{name}.wav")) for name in ("far", "mic", "near"))
    return far, microphone, near


def _at_rate(samples: Mono) -> Mono:
    return Resampler(EAR_HZ, RATE_HZ, "linear").whole(samples)


def show_scene(far: Mono, microphone: Mono, near: Mono) -> None:
    """The echo's reduction in the recorded scene, while nobody else speaks."""
    loop = Loop.recorded(far, microphone)
    spoken = np.flatnonzero(near)[0] / RATE_HZ
    for engine in ENGINES:
        before = time.process_time()
        cleaned = loop.through(opened(engine))
        cost = (time.process_time() - before) * 1000 / loop.seconds
        early, late = (reduction_db(microphone, cleaned, *span) for span in ((2, 6), (8, spoken)))
        lag_ms = loop.canceller.alignment.lag * 1000 / RATE_HZ
        print(f"scene   {engine:6} {early:5.1f} dB at 2-6 s {late:5.1f} dB from 8 s", end="")
        print(f"   lag {lag_ms:.1f} ms   {cost:.1f} ms of CPU a second")


def show_rooms(far: Mono) -> None:
    """The echo's reduction in the simulated loop."""
    for name, (room, drift_ppm) in ROOMS.items():
        loop = Loop(far, room, drift_ppm=drift_ppm, late_s=_late())
        for engine in ENGINES:
            cleaned = loop.through(opened(engine))
            spans = ((1, 3), (3, 8), (8, loop.seconds))
            figures = "   ".join(f"{reduction_db(loop.microphone, cleaned, *span):5.1f}" for span in spans)
            print(f"room    {engine:6} {name:24} {figures}   dB at 1-3 s, at 3-8 s, then")


def _late() -> Callable[[], float]:
    chance = np.random.default_rng(3)
    return lambda: float(chance.exponential(0.0003))


def show_commands(far: Mono, speech: list[Clip], echo_db: float) -> None:
    """How many commands are heard over the box's own voice, which is so much louder."""
    near, spoken = said(speech)
    whole = np.tile(far, -(-len(near) // len(far)))[: len(near)]
    echo = Loop(whole, Room(delay_ms=40, coupling_db=0)).echo
    voice = np.concatenate([near[each.start : each.end] for each in spoken])
    coupling_db = echo_db + 10 * float(np.log10(np.mean(voice**2) / np.mean(echo**2)))
    loop = Loop(whole, Room(delay_ms=40, coupling_db=coupling_db), near=near, late_s=_late())
    ear = PhonemeRecognizer.load()
    for engine in ("none", *ENGINES):
        cleaned = loop.through(opened(engine))
        verdicts = Counter(heard(ear, cleaned, spoken))
        _show_verdicts(f"double  {engine:6} echo {echo_db:+3.0f} dB", verdicts)
    _show_verdicts("double  alone  no echo    ", Counter(heard(ear, near, spoken)))


def _show_verdicts(title: str, verdicts: Counter[str]) -> None:
    others = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items() if verdict != "right")
    print(f"{title} {verdicts['right']:2} of {verdicts.total()} right{others and f' ({others})'}", flush=True)


def said(speech: list[Clip]) -> tuple[Mono, list[Spoken]]:
    """The commands one after another, after a while."""
    parts, spoken = [np.zeros(int(LEAD_S * RATE_HZ), np.float32)], []
    at = len(parts[0])
    for clip in speech:
        assert clip.path is not None
        samples = _AWAY * _at_rate(read_clip(clip.path))
        spoken.append(Spoken(clip, at, at + len(samples)))
        parts += [samples, np.zeros(int(PAUSE_S * RATE_HZ), np.float32)]
        at += sum(map(len, parts[-2:]))
    return np.concatenate(parts), spoken


def heard(ear: PhonemeRecognizer, sound: Mono, spoken: list[Spoken]) -> Iterator[str]:
    """The verdict on each command."""
    grammar = grammar_of("cmd")
    before, behind = (int(each * RATE_HZ) for each in ROUND_S)
    for each in spoken:
        samples = Resampler(RATE_HZ, EAR_HZ, "linear").whole(sound[each.start - before : each.end + behind])
        clip = each.clip
        outcome = Outcome(clip.name, clip.kind, "echo", clip.family, clip.text, grammar.understand(clip.text))
        yield outcome.weighed(samples, grammar, ear, None).verdict(SHIPPED["small"], "small")


def chosen(speech: list[Clip]) -> list[Clip]:
    """As many of each voice, each another command where there are enough."""
    voices = itertools.groupby(sorted(speech, key=lambda clip: clip.voice), key=lambda clip: clip.voice)
    by_voice = [[clip for clip in own if clip.kind == "cmd"] for _, own in voices]
    turns = range(-(-COMMANDS // len(by_voice)))
    mixed = [
        own[(3 * index + turn) % len(own)] for turn in turns for index, own in enumerate(by_voice) if own
    ]
    return mixed[:COMMANDS]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--speech", type=Path, default=Path("../shared/speech"))
    options = parser.parse_args()
    far, microphone, near = scene(options.speech / "echo")
    show_scene(far, microphone, near)
    show_rooms(far[: 20 * RATE_HZ])
    for echo_db in (0.0, 10.0):
        show_commands(far, chosen(clips(options.speech)), echo_db)


if __name__ == "__main__":
    main()
