"""Hardware trials: tones from the speaker, three seconds from the microphone, a press of the button."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from msgspec.structs import replace

from daemon.commands.doctor.listening import hear, opened, play
from daemon.commands.setup.service import answers
from hardware.devices.kind import BoardConfig
from hardware.ports import Board, Mono, SoundConfig

if TYPE_CHECKING:
    from daemon.commands.doctor.finding import Finding

Press: TypeAlias = Literal["pressed", "stuck", "none"]

_TONES_HZ = (440.0, 554.4, 659.3)
_TONE_S = 0.3
_GAIN = 0.2
_SETTLE_S = 0.3
_RECORD_S = 3.0
_FLOOR_DB = -100.0
SILENT_DB = -60.0
"""A lower peak means that the microphone does not work."""


@dataclass(frozen=True)
class RecordingLevel:
    """The level of a recording, in decibels below full scale."""

    peak_db: float
    mean_db: float

    @property
    def silent(self) -> bool:
        """Whether there was only noise of the converter."""
        return self.peak_db < SILENT_DB

    def __str__(self) -> str:
        cells = round(max(0.0, min(1.0, 1 + self.peak_db / 60)) * 30)
        return f"[{'#' * cells:.<30}] peak {self.peak_db:.0f} dB, mean {self.mean_db:.0f} dB"


def play_tones(config: SoundConfig) -> None:
    """Play three rising tones. Raises SoundError."""
    with opened("speaker", config) as stream:
        play(stream, tones(stream.rate_hz))
        time.sleep(stream.delay_frames() / stream.rate_hz)


def tones(rate_hz: int) -> Mono:
    """The samples of the three tones, each fading in and out, and silence before and after."""
    t = np.arange(round(_TONE_S * rate_hz)) / rate_hz
    envelope = _GAIN * np.sin(np.pi * t / _TONE_S)
    pause = np.zeros(round(0.1 * rate_hz))
    return np.concatenate([pause, *(envelope * np.sin(2 * np.pi * f * t) for f in _TONES_HZ), pause]).astype(
        np.float32
    )


def record_level(config: SoundConfig, seconds: float = _RECORD_S) -> RecordingLevel:
    """Record for so long. Raises SoundError."""
    with opened("microphone", config) as stream:
        samples = hear(stream, config, seconds).samples
        # Many cards begin with a click.
        return level(samples[round(_SETTLE_S * stream.rate_hz) :])


def level(samples: Mono) -> RecordingLevel:
    """The level of a recording. A constant offset, which many microphones have, is no sound."""
    if not len(samples):
        return RecordingLevel(_FLOOR_DB, _FLOOR_DB)
    centred = samples - samples.mean()
    return RecordingLevel(
        _decibels(float(np.abs(centred).max())), _decibels(float(np.sqrt(np.mean(centred**2))))
    )


def _decibels(amplitude: float) -> float:
    return max(_FLOOR_DB, 20 * float(np.log10(max(amplitude, 1e-9))))


class ButtonTrial:
    """Watches the button and lights the lamps while it is down. Raises PinError."""

    def __init__(self, board: Board, lamps: Collection[str]) -> None:
        self.pressed = threading.Event()
        self._released = threading.Event()
        self._lamps = lamps
        self._board = board
        self._board.listen(self._edge, lambda reason: None)

    def verdict(self, limit_s: float) -> Press:
        """The result; waits for the release."""
        if not self.pressed.is_set():
            return "none"
        return "pressed" if self._released.wait(limit_s) else "stuck"

    def close(self) -> None:
        """Release the lines."""
        self._board.close()

    def _edge(self, pressed: bool) -> None:
        for name in self._lamps:
            self._board.lamp(name, (0.0, 1.0, 0.0) if pressed else (0.0, 0.0, 0.0))
        if pressed:
            self.pressed.set()
        elif self.pressed.is_set():
            self._released.set()


def open_button(config: BoardConfig) -> Board:
    """Open the board without its devices. Raises PinError."""
    from hardware.gpio.board import GpioBoard

    return GpioBoard(replace(config, devices={}))


def check(config: Path) -> list[Finding]:
    """Run the checks of `voiced config check`."""
    from daemon.commands.doctor import config_check

    return config_check.check(config)


@dataclass(frozen=True)
class Trials:
    """The trials of this machine, and the time limits for a press and its release."""

    play: Callable[[SoundConfig], None] = play_tones
    record: Callable[[SoundConfig], RecordingLevel] = record_level
    board: Callable[[BoardConfig], Board] = open_button
    check: Callable[[Path], list[Finding]] = check
    answers: Callable[[Path], bool] = answers
    press_s: float = 20.0
    release_s: float = 10.0
