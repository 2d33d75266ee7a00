"""doctor on a real ALSA card made of software: what it hears, what mutes it, and what the service holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.commands.doctor import listening, sound
from daemon.commands.doctor.finding import Finding, Told
from daemon.commands.doctor.machine import InspectedMachine
from daemon.commands.doctor.run import run
from daemon.control.client import ControlError, request
from hardware.ports import Mono
from tests.hardware.sound.conftest import wait_until
from tests.hardware.sound.sound_server import pactl

RATE_HZ = 48_000


def written(folder: Path, device: str = "", **sound_keys: object) -> Path:
    """A configuration for the virtual card, or for ALSA's own default of it."""
    names = {"microphone": device or VirtualCard.microphone, "speaker": device or VirtualCard.speaker}
    keys = "\n".join(f"{key} = {json.dumps(value)}" for key, value in (names | sound_keys).items())
    path = folder / "voiced.toml"
    path.write_text(
        f'[sound]\n{keys}\n[control]\nsocket = "{folder}/control.sock"\n'
        f'[brain]\naddress = "unix:{folder}/brain.sock"\n[state]\ndirectory = "{folder}/state"\n'
        f"[button]\npin = 17\n"
    )
    return path


def codes(said: list[Told]) -> list[str]:
    return [each.code for each in said if isinstance(each, Finding)]


@contextmanager
def looped(card: VirtualCard, latency_ms: int) -> Iterator[None]:
    """The microphone hears the speaker, after so long."""
    # Without an adjustment of its rate, which no card and no room has.
    shape = ("source=speaker.monitor", "sink=micfeed", f"latency_msec={latency_ms}", "adjust_time=0")
    module = pactl(card, "load-module", "module-loopback", *shape)
    try:
        yield
    finally:
        pactl(card, "unload-module", module)


def noise(seconds: float, peak: float) -> Mono:
    samples: Mono = np.random.default_rng(7).uniform(-peak, peak, int(RATE_HZ * seconds)).astype(np.float32)
    return samples


# ---------------------------------------------------------------- the card


def test_card_that_opens_is_described(card: VirtualCard, tmp_path: Path) -> None:
    said = list(sound.sound(InspectedMachine(written(tmp_path))))
    assert codes(said) == []
    assert f"microphone: {VirtualCard.microphone}, 48000 Hz, S16_LE, channels: 1" in said
    assert f"speaker: {VirtualCard.speaker}, 48000 Hz, S16_LE, channels: 1" in said


def test_muted_mixer_is_found_and_mended(
    own_card: VirtualCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    pactl(own_card, "set-default-sink", "speaker")
    pactl(own_card, "set-sink-mute", "speaker", "1")
    path = written(tmp_path, "default")
    (muted,) = [each for each in sound.sound(InspectedMachine(path)) if isinstance(each, Finding)]
    assert (muted.code, muted.level) == ("V306", "error")
    assert "alsamixer -D default" in muted.remedy
    run(path, mend=True)
    assert pactl(own_card, "get-sink-mute", "speaker") == "Mute: no"
    assert codes(list(sound.sound(InspectedMachine(path)))) == []


def test_muted_microphone_is_found_and_mended(own_card: VirtualCard, tmp_path: Path) -> None:
    pactl(own_card, "set-default-source", "micfeed.monitor")
    pactl(own_card, "set-source-mute", "micfeed.monitor", "1")
    (muted,) = [
        each
        for each in sound.sound(InspectedMachine(written(tmp_path, "default")))
        if isinstance(each, Finding)
    ]
    assert muted.code == "V306"
    assert muted.fix is not None
    assert muted.fix.act()
    assert pactl(own_card, "get-source-mute", "micfeed.monitor") == "Mute: no"


def test_quiet_mixer_is_found(own_card: VirtualCard, tmp_path: Path) -> None:
    pactl(own_card, "set-default-sink", "speaker")
    pactl(own_card, "set-sink-volume", "speaker", "10%")
    said = list(sound.sound(InspectedMachine(written(tmp_path, "default"))))
    assert codes(said) == ["V307"]


# ---------------------------------------------------------------- what is heard


def test_tone_comes_back_and_its_way_is_measured(own_card: VirtualCard, tmp_path: Path) -> None:
    with looped(own_card, 30):
        feeding = own_card.feed(noise(5, 0.01), RATE_HZ)
        said = list(listening.listening(InspectedMachine(written(tmp_path))))
        feeding.terminate()
    # How long it takes is the business of a busy machine: V315 tells it, too.
    assert set(codes(said)) <= {"V315"}
    assert "the microphone gives -40 dB of full scale at most" in said
    assert len(said) == 2


def test_long_way_is_told(own_card: VirtualCard, tmp_path: Path) -> None:
    with looped(own_card, 600):
        feeding = own_card.feed(noise(5, 0.01), RATE_HZ)
        assert codes(list(listening.listening(InspectedMachine(written(tmp_path))))) == ["V315"]
        feeding.terminate()


def test_what_the_cancellers_reach_is_measured_where_they_are_configured(
    own_card: VirtualCard, tmp_path: Path
) -> None:
    with looped(own_card, 30):
        feeding = own_card.feed(noise(20, 0.001), RATE_HZ)
        said = list(listening.listening(InspectedMachine(written(tmp_path, echo="auto"))))
        feeding.terminate()
    assert set(codes(said)) <= {"V315"}
    for name in ("aec3", "speex"):
        assert any(str(each).startswith(f"{name} takes ") for each in said)


def test_dead_microphone_and_a_speaker_that_nobody_hears(card: VirtualCard, tmp_path: Path) -> None:
    assert codes(list(listening.listening(InspectedMachine(written(tmp_path))))) == ["V311", "V314"]


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (noise(3, 1.0) * 4, ["V312", "V314"]),
        (noise(3, 0.05) + np.float32(0.2), ["V313", "V314"]),
    ],
    ids=["overdriven", "constant offset"],
)
def test_sick_microphone(own_card: VirtualCard, tmp_path: Path, samples: Mono, found: list[str]) -> None:
    feeding = own_card.feed(samples, RATE_HZ)
    assert codes(list(listening.listening(InspectedMachine(written(tmp_path))))) == found
    feeding.terminate()


def test_microphone_without_a_clock_is_told_and_not_listened_to(tmp_path: Path) -> None:
    (told,) = listening.listening(InspectedMachine(written(tmp_path, "null")))
    assert isinstance(told, Finding)
    assert (told.code, told.level) == ("V301", "error")
    assert "faster than time passes" in told.sentence
    assert "rom `arecord -L`" in told.remedy


def test_cards_that_stand_still_do_not_hold_up_the_doctor(own_card: VirtualCard, tmp_path: Path) -> None:
    for sink in ("micfeed", "speaker"):
        pactl(own_card, "suspend-sink", sink, "1")
    said = list(listening.listening(InspectedMachine(written(tmp_path))))
    assert codes(said) == ["V301"]
    assert "stands still" in str(said[0])


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_chirp_is_found_in_noise_that_is_louder_and_never_in_noise_alone(rate_hz: int) -> None:
    rng = np.random.default_rng(rate_hz)
    for offset_s in (0.0, 0.123, 0.9):
        scene = rng.normal(0, 0.1, int(1.5 * rate_hz)).astype(np.float32)
        assert listening.find_chirp(scene, rate_hz) is None
        tone = listening.chirp(rate_hz) * np.float32(0.2)
        at = int(offset_s * rate_hz)
        scene[at : at + len(tone)] += tone
        found_s = listening.find_chirp(scene, rate_hz)
        assert found_s is not None
        assert abs(found_s - offset_s) < 0.001


# ---------------------------------------------------------------- beside the service


def test_doctor_takes_nothing_from_the_running_service(card: VirtualCard, tmp_path: Path) -> None:
    path = written(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", str(path)],
            env={**os.environ, **card.env},
            stderr=log,
        )
    try:
        wait_until(lambda: answers(tmp_path / "control.sock"), "the service answers")
        machine = InspectedMachine(path)
        said = [*sound.sound(machine), *listening.listening(machine)]
        assert codes(said) == []
        assert "microphone: held by voiced itself" in said
        assert "speaker: held by voiced itself" in said
        status = request(tmp_path / "control.sock", "status")
        assert status["pid"] == service.pid
        assert status["faults"] == {}
    finally:
        service.terminate()
        service.wait()


def answers(socket: Path) -> bool:
    try:
        return bool(request(socket, "status"))
    except ControlError:
        return False
