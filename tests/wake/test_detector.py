"""The detectors: what they hear, where it ended, and what they refuse, on sound of a synthesiser."""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from daemon.wake.detector import (
    RATE_HZ,
    REFRACTORY_S,
    STUCK_S,
    Detection,
    Refractory,
    WakeDetector,
    WakeError,
)
from daemon.wake.registry import WORDS, open_detectors
from hardware.ports import Mono
from tests.wake.voice import quiet, said, spoken_in_quiet

micro = importlib.import_module("pymicro_wakeword")

SPELLED = {
    "alexa": "alexa",
    "hey_jarvis": "hey jarvis",
    "hey_mycroft": "hey mycroft",
    "okay_nabu": "okay nabu",
}
VOICES = {"alexa": "en-us", "hey_jarvis": "en-us+f3", "hey_mycroft": "en-gb+f4", "okay_nabu": "en-us"}
OFF_S = 0.12
"""The end of a word is told to a tenth of a second."""


def detector(*words: str, sensitivity: int = 50) -> WakeDetector:
    (only,) = open_detectors(words, sensitivity)
    return only


def found(by: WakeDetector, sound: Mono, piece: int = 320) -> list[Detection]:
    pieces = (by.detect(sound[at : at + piece]) for at in range(0, len(sound), piece))
    return [each for each in pieces if each is not None]


def word(name: str) -> Mono:
    return said(SPELLED[name], VOICES[name])


def test_every_word_of_the_package_is_in_the_registry() -> None:
    assert set(WORDS) == set(SPELLED) == {model.value for model in micro.Model}


@pytest.mark.parametrize("name", WORDS)
def test_a_word_is_heard_once_and_told_where_it_ended(name: str) -> None:
    sound = spoken_in_quiet(word(name))
    (only,) = found(detector(*WORDS), sound)
    end_s = only.end / RATE_HZ - 1.0 - len(word(name)) / RATE_HZ
    assert only.word == name
    assert abs(end_s) <= OFF_S


@pytest.mark.parametrize("piece", [1, 160, 479, 640, 7_000, 100_000])
def test_pieces_of_any_size_give_the_same(piece: int) -> None:
    sound = spoken_in_quiet(word("alexa"))
    assert found(detector("alexa"), sound, piece) == found(detector("alexa"), sound)


def test_a_word_that_is_not_asked_for_is_not_heard() -> None:
    assert found(detector("hey_jarvis"), spoken_in_quiet(word("okay_nabu"), word("alexa"))) == []


def test_other_speech_and_silence_are_no_word() -> None:
    speech = said("the committee will consider the question of the harbour again in november", "en-gb")
    assert found(detector(*WORDS), spoken_in_quiet(speech, quiet(5), np.zeros(80_000, np.float32))) == []


def test_a_word_said_again_counts_again() -> None:
    sound = spoken_in_quiet(word("alexa"), quiet(2), word("alexa"), quiet(2), word("alexa"))
    assert [each.word for each in found(detector("alexa"), sound)] == ["alexa"] * 3


def test_a_word_that_is_found_again_and_again_counts_once() -> None:
    refractory, step = Refractory(), int(REFRACTORY_S * RATE_HZ) - 1
    counted = [refractory.first([Detection("alexa", end)]) for end in (0, step, 2 * step, 4 * step)]
    assert [each is not None for each in counted] == [True, False, False, True]


def test_a_gap_takes_nothing_of_what_came_before_along() -> None:
    sound = spoken_in_quiet(word("alexa"))
    end = RATE_HZ + len(word("alexa"))
    by = detector("alexa")
    assert found(by, sound[: end - 800]) == []
    by.reset()
    assert found(by, np.concatenate([sound[end - 800 :], quiet(2)])) == []
    heard = len(sound) - 0 + 2 * RATE_HZ
    (again,) = found(by, sound)
    assert heard < again.end < heard + len(sound)


def test_more_sensitivity_hears_all_that_less_hears() -> None:
    sounds = [
        spoken_in_quiet(said("okay nabu", voice)) for voice in ("en-us", "en-us+f3", "en-us+m2", "en-us+f5")
    ]
    counts = [
        [bool(found(detector("okay_nabu", sensitivity=percent), sound)) for sound in sounds]
        for percent in (0, 50, 100)
    ]
    assert counts[0] <= counts[1] <= counts[2]
    assert sum(counts[0]) < sum(counts[2])


# ---------------------------------------------------------------- for ever


def test_a_model_that_finds_its_word_without_end_is_begun_anew() -> None:
    refractory = Refractory()
    counted = [refractory.first([Detection("alexa", end)]) for end in range(0, int(STUCK_S * RATE_HZ), 480)]
    assert [each is not None for each in counted] == [True] + [False] * (len(counted) - 1)
    assert not refractory.stuck
    refractory.first([Detection("alexa", int(STUCK_S * RATE_HZ) + 480)])
    assert refractory.stuck


def test_a_word_is_heard_after_minutes_as_at_first_and_nothing_grows() -> None:
    """The state of a detector reaches back two seconds; `tests.bench.wake` listens for hours."""
    by, minutes = detector("alexa"), 6
    spoken = spoken_in_quiet(word("alexa"))
    sound = np.concatenate([spoken, quiet(60 - len(spoken) / RATE_HZ, 3)])
    blocks = []
    for _ in range(minutes):
        assert len(found(by, sound, 1280)) == 1
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    assert blocks[-1] - blocks[1] < minutes * 10  # a minute has 6,000 sets of features


# ---------------------------------------------------------------- what cannot be used


def owners(folder: Path, weights: bytes | None, **changed: object) -> str:
    """A model of the owner's: the package's alexa, changed."""
    source = Path(str(micro.__file__)).parent / "models"
    told = json.loads((source / "alexa.json").read_text()) | {"model": "mine.tflite"} | changed
    (folder / "computer.json").write_text(
        json.dumps({key: each for key, each in told.items() if each is not None})
    )
    if weights is not None:
        (folder / "mine.tflite").write_bytes(
            (source / "alexa.tflite").read_bytes() if weights == b"good" else weights
        )
    return str(folder / "computer.json")


def test_a_model_of_the_owners_is_heard_by_its_path(tmp_path: Path) -> None:
    path = owners(tmp_path, b"good")
    assert [each.word for each in found(detector(path), spoken_in_quiet(word("alexa")))] == [path]


@pytest.mark.parametrize(
    ("weights", "changed", "remedy"),
    [
        (None, {}, "beside it"),
        (b"", {}, "copy it here once more"),
        (b"this is no model at all, only some words", {}, "copy it here once more"),
        (b"\x1c\0\0\0TFL3" + bytes(200), {}, "copy it here once more"),
        (b"good", {"micro": None}, "take the .json"),
        (b"good", {"micro": []}, "take the .json"),
        (b"good", {"model": 3}, "take the .json"),
        (b"good", {"wake_word": None}, "take the .json"),
    ],
)
def test_a_broken_model_is_refused_and_ends_no_process(
    tmp_path: Path, weights: bytes | None, changed: dict[str, object], remedy: str
) -> None:
    with pytest.raises(WakeError, match=remedy):
        detector(owners(tmp_path, weights, **changed))


def test_half_a_model_is_refused(tmp_path: Path) -> None:
    whole = (Path(str(micro.__file__)).parent / "models/alexa.tflite").read_bytes()
    with pytest.raises(WakeError, match="copy it here once more"):
        detector(owners(tmp_path, whole[: len(whole) // 2]))


OPENED = """
from daemon.wake.registry import open_detectors
try:
    open_detectors(("alexa",), 50)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("version", ["1.0.0", "2.4.1"])
def test_an_older_package_is_refused_with_the_remedy(tmp_path: Path, version: str) -> None:
    (tmp_path / "pymicro_wakeword.py").touch()
    told = tmp_path / f"pymicro_wakeword-{version}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pymicro-wakeword\nVersion: {version}\n")
    child = subprocess.run(
        [sys.executable, "-c", OPENED],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.startswith("WakeError ")
    assert f"2.5 or later, here is {version}: run `apt install voiced-handsfree`" in child.stdout


def test_a_package_that_is_missing_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymicro_wakeword", None)
    with pytest.raises(WakeError, match=r"pymicro_wakeword: run `apt install voiced-handsfree`"):
        detector("alexa")
