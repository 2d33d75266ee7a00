"""The button in the wizard, on a board without a kernel in the place of the gpiochip's."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.commands.setup.asking import Asker
from daemon.commands.setup.interview import Interview
from daemon.commands.setup.trials import RecordingLevel, Trials
from daemon.commands.terminal import Terminal
from daemon.config.draft import Draft
from hardware.devices.kind import BoardConfig
from hardware.gpio.virtual_board import VirtualBoard
from hardware.ports import PinError
from tests.hardware.gpio.kernel_rig import Kernel
from tests.hardware.sound.soundtrees import HEADPHONES, HEADSET, WM8960, Planted, plant

CONFIG = '[gpio]\nchip = "{chip}"\n[button]\npin = {line}\n[lamps.status]\nkind = "rgb"\npins = [5, 6, 13]\n'
CHIPS = {"gpiochip0": ("gpio-sim.0", 32), "gpiochip1": ("gpio-sim.1", 8)}


class MockedBoard(VirtualBoard):
    """Somebody presses the button on line 27; on line 4 it hangs; line 5 is taken."""

    def __init__(self, config: BoardConfig) -> None:
        self.seen: list[str] = []
        super().__init__(config, lambda part, value: self.seen.append(part))
        self._line = config.button.pin
        if self._line == 5:
            raise PinError('button: line 5 is in use by "w1": stop that, or choose another pin.')

    def listen(self, edge: Callable[[bool], None], lost: Callable[[str], None]) -> None:
        super().listen(edge, lost)
        if self._line in (27, 4):
            self.press()
        if self._line == 27:
            threading.Timer(0.05, self.release).start()


TRIALS = Trials(
    play=lambda sound: None,
    record=lambda sound: RecordingLevel(peak_db=-10.0, mean_db=-20.0),
    board=MockedBoard,
    press_s=0.1,
    release_s=0.5,
)
Interviewed = Callable[..., tuple[Draft, str]]


@pytest.fixture
def interviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Interviewed:
    """Holds the interview: its outcome, and what was shown."""
    Kernel(dict(CHIPS)).play(monkeypatch, tmp_path / "dev")

    def hold(typed: str, chip: str = "gpio-sim.0", line: int = 17) -> tuple[Draft, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        shown = io.StringIO()
        draft = Draft(CONFIG.format(chip=chip, line=line), "voiced.toml")
        asker = Asker(Terminal(file=shown))
        Interview(asker, draft, TRIALS, key_stored=False, root=tmp_path).run()
        return draft, shown.getvalue()

    return hold


def test_on_a_mocked_board_a_press_is_seen_and_nothing_is_asked(interviewed: Interviewed) -> None:
    draft, shown = interviewed("y\n\n\n", line=27)
    assert draft.config.gpio.backend == "lgpio"
    assert draft.config.button.pin == 27
    assert "pressed and released" in shown


def test_on_a_mocked_board_the_right_line_is_found_in_the_end(interviewed: Interviewed) -> None:
    # Heard; no press on 17; 4 hangs; 27 with another lamp; no device, offline.
    draft, shown = interviewed("y\n4\n\n27\n12\n\n\n")
    assert draft.config.button.pin == 27
    assert draft.text.count("pin = 12") == 1
    assert "No press was seen" in shown
    assert "It is down all the time" in shown
    assert "pressed and released" in shown


def test_on_a_mocked_board_a_line_that_is_taken_is_told(interviewed: Interviewed) -> None:
    draft, shown = interviewed("y\n5\nnone\n27\nnone\n\n\n")
    assert 'line 5 is in use by "w1"' in shown
    assert (draft.config.button.pin, draft.config.lamps) == (27, {})


@pytest.mark.parametrize(("card", "warned"), [(WM8960, True), (HEADSET, False)], ids=["I2S", "USB"])
def test_on_a_mocked_board_a_device_on_a_line_of_the_sound_is_told(
    interviewed: Interviewed, tmp_path: Path, card: Planted, warned: bool
) -> None:
    plant(tmp_path, HEADPHONES, card)
    _, shown = interviewed("y\nrelay lamp 19\n\n\n", line=27)
    assert ("devices.lamp.pin: line 19 carries the sound" in shown) is warned


def test_of_several_mocked_chips_one_is_chosen(interviewed: Interviewed) -> None:
    draft, _ = interviewed("y\n2\n27\n\n\n\n", chip="auto")
    assert draft.config.gpio.chip == "gpio-sim.1"
