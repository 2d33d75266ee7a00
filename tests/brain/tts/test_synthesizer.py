"""The real voices: what they say is speech of the right length, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.brain.engine_registry import SYNTHESIZERS, open_synthesizer
from daemon.brain.tts.synthesizer import Synthesizer, SynthesizerError
from daemon.realtime.events import RATE_HZ


@pytest.fixture(scope="module", params=SYNTHESIZERS)
def voice(request: pytest.FixtureRequest) -> Synthesizer:
    return open_synthesizer(request.param)


def test_a_sentence_is_spoken_at_24_khz(voice: Synthesizer) -> None:
    spoken = voice.speak("The temperature is 21.5 degrees.", 1.0)
    assert spoken.dtype == np.float32
    assert 1.5 < len(spoken) / RATE_HZ < 5
    assert 0.05 < np.abs(spoken).max() <= 1.0


def test_it_begins_at_once_and_ends_with_a_breath(voice: Synthesizer) -> None:
    for text in ("The lamp is on.", "All right.", "You can say: turn on the lamp,"):
        spoken = np.abs(voice.speak(text, 1.0))
        audible = np.flatnonzero(spoken > 0.01 * spoken.max())
        assert audible[0] < 0.03 * RATE_HZ
        assert 0.1 * RATE_HZ < len(spoken) - audible[-1] < 0.3 * RATE_HZ


def test_numbers_are_read_as_words(voice: Synthesizer) -> None:
    said = [voice.speak(text, 1.0) for text in ("50%", "fifty percent", "five")]
    assert abs(len(said[0]) - len(said[1])) < 0.2 * RATE_HZ
    assert len(said[0]) > len(said[2])


def test_speed_shortens(voice: Synthesizer) -> None:
    quick, slow = voice.speak("The lamp is on.", 1.5), voice.speak("The lamp is on.", 0.75)
    assert len(quick) < 0.75 * len(slow)


def test_a_sentence_sounds_the_same_each_time(voice: Synthesizer) -> None:
    long = "You can say turn on the lamp, turn off the fan, or set the heater to fifty percent."
    for text in ("The lamp is on.", long):
        np.testing.assert_array_equal(voice.speak(text, 1.0), voice.speak(text, 1.0))


def test_what_has_no_words_is_short(voice: Synthesizer) -> None:
    for text in ("...", "\N{SNOWMAN}", "-"):
        assert len(voice.speak(text, 1.0)) < 2 * RATE_HZ


def test_without_espeak_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SynthesizerError, match="apt install espeak-ng"):
        open_synthesizer("espeak")
