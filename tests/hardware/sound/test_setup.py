"""What the wizard plays and hears, on the virtual card."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.audio.pcm import from_pcm16
from daemon.commands.demo.virtualcard import VirtualCard
from daemon.commands.setup.asking import Asker
from daemon.commands.setup.interview import Interview
from daemon.commands.setup.trials import Trials, level, play_tones, record_level, tones
from daemon.commands.terminal import Terminal
from daemon.config.draft import Draft
from hardware.ports import Mono, SoundConfig
from tests.hardware.sound.soundtrees import HEADSET, plant

CONFIG = '[sound]\nspeaker = "{speaker}"\nmicrophone = "virtualmic"\n[button]\npin = 17\n'


def recorded(path: Path) -> Mono:
    with wave.open(str(path), "rb") as file:
        return from_pcm16(file.readframes(file.getnframes()))


def strength(samples: Mono, rate_hz: int, tone_hz: float) -> float:
    t = np.arange(len(samples)) / rate_hz
    return float(abs(np.sum(samples * np.exp(-2j * np.pi * tone_hz * t)))) / rate_hz


def test_three_tones_are_heard(card: VirtualCard, config: SoundConfig, tmp_path: Path) -> None:
    with card.record("speaker", tmp_path / "tones.wav"):
        play_tones(config)
    heard = recorded(tmp_path / "tones.wav")
    for tone_hz in (440.0, 554.4, 659.3):
        assert strength(heard, 48_000, tone_hz) > 3 * strength(heard, 48_000, 500.0)


def test_a_voice_has_a_level_and_silence_has_none(card: VirtualCard, config: SoundConfig) -> None:
    assert record_level(config, 0.5).silent
    feeding = card.feed(np.tile(tones(24_000), 3))
    heard = record_level(config, 1.0)
    feeding.terminate()
    feeding.wait()
    assert -20 < heard.peak_db < -10
    assert heard.mean_db < heard.peak_db


def test_an_offset_is_no_sound() -> None:
    assert level(np.full(4_800, 0.3, np.float32)).silent
    assert level(np.zeros(0, np.float32)).silent


def test_a_person_tries_another_speaker_until_it_is_heard(
    card: VirtualCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def play(sound: SoundConfig) -> None:
        """What the kernel calls a card is its own affair: the planted one is the virtual one."""
        named = "virtualspeaker" if sound.speaker == "card:Headset" else sound.speaker
        play_tones(msgspec.structs.replace(sound, speaker=named))

    plant(tmp_path, HEADSET)
    # Another speaker, not heard, once more, heard; no device, offline.
    monkeypatch.setattr("sys.stdin", io.StringIO("2\nn\ncard:Headset\ny\n\n\n"))
    shown = io.StringIO()
    draft = Draft(CONFIG.format(speaker="hw:7,0"), "voiced.toml")
    feeding = card.feed(np.tile(tones(24_000), 100))  # longer than a busy machine takes to get there
    asker = Asker(Terminal(file=shown))
    interview = Interview(asker, draft, Trials(play=play), key_stored=False, root=tmp_path)
    assert interview.run() is None
    feeding.terminate()
    feeding.wait()
    assert draft.config.sound.speaker == "card:Headset"
    assert "The speaker hw:7,0 is not there" in shown.getvalue()
    assert "###" in shown.getvalue()
    assert "silence" not in shown.getvalue()
