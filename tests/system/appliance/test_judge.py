"""What the tests of the booted machine judge by, on traces and sounds whose truth is known."""

from __future__ import annotations

import io
import math
import wave

import numpy as np
import pytest

from tests.system.appliance import judge
from tests.system.appliance.judge import Colour, Mood, Trace, trace

LAMP = (5, 6, 13)


def pulsed(colours: list[tuple[float, Colour]], span_s: float = 0.0037) -> Trace:
    """Lines that pulse at 100 Hz, for so many seconds in each of these colours."""
    rows = []
    now = 0.0
    for seconds, colour in colours:
        end = now + seconds
        while now < end:
            rows.append(f"{now:.4f} " + "".join("1" if now * 100 % 1 < duty else "0" for duty in colour))
            now += span_s
    return trace("\n".join(rows), LAMP)


def sound(parts: list[tuple[float, float]], rate_hz: int = 48_000) -> bytes:
    """A WAV file of tones, each for so many seconds at this amplitude."""
    samples = np.concatenate(
        [level * np.sin(2 * math.pi * 400 * np.arange(int(s * rate_hz)) / rate_hz) for s, level in parts]
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


@pytest.mark.parametrize(
    ("colour", "mood"),
    [
        ((0.0, 0.13, 0.0), "idle"),
        ((0.0, 0.2, 1.0), "listening"),
        ((0.3, 0.15, 0.5), "thinking"),
        ((0.0, 1.0, 0.3), "speaking"),
        ((1.0, 0.0, 0.0), "muted"),
        ((0.0, 0.0, 0.0), "idle"),
        ((1.0, 0.4, 0.0), "other"),
    ],
)
def test_a_mood_by_its_colour(colour: Colour, mood: Mood) -> None:
    assert judge.mood(colour) == mood


def test_a_turn_by_its_moods() -> None:
    seen = pulsed([(2, (0, 0.03, 0)), (2, (0, 0.2, 1)), (2, (0, 1, 0.3)), (1, (0, 0.03, 0))])
    assert judge.in_order(("listening", "speaking", "idle"), judge.moods(seen, LAMP))
    assert not judge.in_order(("speaking", "listening"), judge.moods(seen, LAMP))


def test_when_a_line_settled() -> None:
    seen = trace("1.0 1\n2.0 0\n3.0 1\n4.0 0\n5.0 0\n6.", (22,))
    assert (seen.first(22, 0), seen.settled(22, 0), seen.settled(22, 1)) == (2.0, 4.0, None)
    assert seen.since(1.5, 3.5).settled(22, 1) == 3.0


def test_a_chip_that_is_away_is_no_level() -> None:
    seen = trace("1.0 -\n2.0 1", (22,))
    assert (seen.first(22, 0), seen.first(22, 1)) == (None, 2.0)


def test_how_long_there_was_sound() -> None:
    assert judge.spoken_s(sound([(1, 0), (0.5, 0.3), (1, 0.001)])) == pytest.approx(0.5, abs=0.04)


def test_a_recording_without_its_length_is_read_whole() -> None:
    whole = sound([(1, 0.3)])
    start = whole.index(b"data") + 8
    unfinished = whole[: start - 4] + b"\xff\xff\xff\x7f" + whole[start:]
    assert judge.spoken_s(unfinished) == judge.spoken_s(whole) == pytest.approx(1.0, abs=0.04)
