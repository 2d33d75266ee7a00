"""The button in the wizard, on a board without a kernel in the place of the gpiochip's."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.commands.setup.asking import TerminalAsker
from daemon.commands.setup.interview import Interview
from daemon.commands.terminal import Terminal
from daemon.config.draft import Draft
from hardware.gpio.chip_factory import Chip
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import PinError
from hardware.sound import card_discovery
from tests.hardware.sound.soundtrees import HEADPHONES, HEADSET, WM8960, plant

CONFIG = '[gpio]\nchip = "{chip}"\n[button]\npin = {line}\n[lamps.status]\nkind = "rgb"\npins = [5, 6, 13]\n'
CHIPS = [Chip(Path("/dev/gpiochip0"), "gpio-sim.0", 32), Chip(Path("/dev/gpiochip1"), "gpio-sim.1", 8)]


class MockedBoard(VirtualBoard):
    """Somebody presses the button on line 27; on line 4 it hangs; line 5 is taken."""

    def __init__(self, gpio: Any, button: Any, lamps: Any, devices: Any) -> None:
        self.seen: list[str] = []
        super().__init__(gpio, button, lamps, devices, lambda part, value: self.seen.append(part))
        self._line = button.pin
        if self._line == 5:
            raise PinError('button: line 5 is in use by "w1": stop that, or choose another pin.')

    def listen(self, edge: Callable[[bool], None], lost: Callable[[str], None]) -> None:
        super().listen(edge, lost)
        if self._line in (27, 4):
            self.press()
        if self._line == 27:
            threading.Timer(0.05, self.release).start()


@pytest.fixture(autouse=True)
def _mocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.gpio.board.GpioBoard", MockedBoard)
    monkeypatch.setattr("hardware.gpio.chip_factory.list_chips", lambda: CHIPS)
    monkeypatch.setattr("daemon.commands.setup.interview._PRESS_LIMIT_S", 0.1)
    monkeypatch.setattr("daemon.commands.setup.trials._RELEASE_LIMIT_S", 0.5)
    monkeypatch.setattr("daemon.commands.setup.interview.play_tones", lambda sound: None)
    monkeypatch.setattr(Interview, "_voice_heard", lambda self, config: True)


def interviewed(
    monkeypatch: pytest.MonkeyPatch, typed: str, chip: str = "gpio-sim.0", line: int = 17
) -> tuple[Draft, str]:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    shown = io.StringIO()
    draft = Draft(CONFIG.format(chip=chip, line=line), "voiced.toml")
    Interview(TerminalAsker(Terminal(file=shown)), draft, trials=True, key_stored=False).run()
    return draft, shown.getvalue()


def test_on_a_mocked_board_a_press_is_seen_and_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    draft, shown = interviewed(monkeypatch, "y\n\n\n", line=27)
    assert draft.config.gpio.backend == "lgpio"
    assert draft.config.button.pin == 27
    assert "pressed and released" in shown


def test_on_a_mocked_board_the_right_line_is_found_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # Heard; no press on 17; 4 hangs; 27 with another lamp; no device, offline.
    draft, shown = interviewed(monkeypatch, "y\n4\n\n27\n12\n\n\n")
    assert draft.config.button.pin == 27
    assert draft.text.count("pin = 12") == 1
    assert "No press was seen" in shown
    assert "It is down all the time" in shown
    assert "pressed and released" in shown


def test_on_a_mocked_board_a_line_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    draft, shown = interviewed(monkeypatch, "y\n5\nnone\n27\nnone\n\n\n")
    assert 'line 5 is in use by "w1"' in shown
    assert (draft.config.button.pin, draft.config.lamps) == (27, {})


def test_on_a_mocked_board_a_device_on_a_line_of_the_sound_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for card, warned in ((WM8960, True), (HEADSET, False)):
        there = card_discovery.cards(plant(tmp_path / card.id, HEADPHONES, card))
        monkeypatch.setattr("daemon.commands.setup.interview.cards", lambda there=there: there)
        _, shown = interviewed(monkeypatch, "y\nrelay lamp 19\n\n\n", line=27)
        assert ("devices.lamp.pin: line 19 carries the sound" in shown) is warned


def test_of_several_mocked_chips_one_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_chip(wanted: str | int) -> Chip:
        for chip in CHIPS:
            if wanted == chip.label:
                return chip
        raise PinError("gpio.chip 'auto' fits none of this board's chips.")

    monkeypatch.setattr("hardware.gpio.chip_factory.find_chip", find_chip)
    draft, _ = interviewed(monkeypatch, "y\n2\n27\n\n\n\n", chip="auto")
    assert draft.config.gpio.chip == "gpio-sim.1"
