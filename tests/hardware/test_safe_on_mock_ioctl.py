"""`hardware.safe`: the kernel's part is played; tests/system/appliance has the kernel itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hardware import safe
from hardware.devices.kind import BoardConfig
from hardware.devices.kinds.relay import Relay
from hardware.gpio.safe_state_plan import safe_lines, write
from hardware.ports import SingleLamp
from tests.hardware.gpio.kernel_rig import Kernel


def plan_file(folder: Path, *lines: tuple[int, int]) -> Path:
    path = folder / "safe.json"
    parts = [safe.SafeLine(part=f"devices.d{line}", line=line, level=level) for line, level in lines]
    path.write_text(json.dumps(safe.Plan(chip="/dev/null", label="pinctrl-test", lines=parts)))
    return path


@pytest.mark.parametrize(("result", "level"), [("success", 0), ("watchdog", 1), ("exit-code", 1)])
def test_the_lamp_says_how_the_service_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: str, level: int
) -> None:
    chip = Kernel()
    monkeypatch.setattr("fcntl.ioctl", chip.ioctl)
    monkeypatch.setenv("SERVICE_RESULT", result)
    lamp = safe.SafeLine(part="lamps.status", line=5, level=0, failed=1)
    plan = safe.Plan(chip="/dev/null", label="pinctrl-test", lines=[lamp])
    (tmp_path / "safe.json").write_text(json.dumps(plan))
    assert safe.main(tmp_path / "safe.json") == 0
    assert chip.levels == {5: level}


def test_a_line_that_refuses_does_not_keep_the_next_from_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = Kernel(taken={4: "rival"})
    monkeypatch.setattr("fcntl.ioctl", chip.ioctl)
    assert safe.main(plan_file(tmp_path, (22, 1), (4, 0), (5, 0))) == 1
    assert chip.levels == {22: 1, 5: 0}
    assert capsys.readouterr().err.splitlines() == [
        "devices.d4: line 4 refuses its safe state (Device or resource busy)."
    ]


def test_a_plan_that_was_written_is_carried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = Kernel({"gpiochip0": ("pinctrl-bcm2711", 54)})
    monkeypatch.setattr("fcntl.ioctl", chip.ioctl)
    path = tmp_path / "run" / "safe.json"
    board = BoardConfig(
        lamps={"status": SingleLamp(pin=5)}, devices={"heater": Relay(pin=22, active_high=False)}
    )
    lines = safe_lines(board)
    write(path, Path("/dev/null"), lines)
    assert safe.main(path) == 0
    assert chip.levels == {22: 1, 5: 0}
    assert [each.name for each in path.parent.iterdir()] == ["safe.json"]


def test_the_plan_has_the_form_of_voiced_0_1_0_for_in_an_upgrade_either_carries_out_that_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip = Kernel({"gpiochip0": ("pinctrl-bcm2711", 54)})
    monkeypatch.setattr("fcntl.ioctl", chip.ioctl)
    board = BoardConfig(
        lamps={"status": SingleLamp(pin=5)}, devices={"heater": Relay(pin=22, active_high=False)}
    )
    lines = safe_lines(board)
    write(tmp_path / "safe.json", Path("/dev/null"), lines)
    assert (tmp_path / "safe.json").read_text() == (
        '{"chip": "/dev/null", "label": "pinctrl-bcm2711", "lines": ['
        '{"part": "devices.heater", "line": 22, "level": 1}, '
        '{"part": "lamps.status", "line": 5, "level": 0, "failed": 1}]}'
    )


def test_a_driver_that_cannot_pull_still_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = Kernel(can_pull=False)
    monkeypatch.setattr("fcntl.ioctl", chip.ioctl)
    assert safe.main(plan_file(tmp_path, (22, 1))) == 0
    assert chip.levels == {22: 1}


def test_another_chip_under_the_same_number_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = Kernel({"gpiochip0": ("expander", 54)})
    monkeypatch.setattr("fcntl.ioctl", chip.ioctl)
    assert safe.main(plan_file(tmp_path, (22, 1))) == 1
    assert chip.levels == {}
    assert "is expander now" in capsys.readouterr().err


def test_without_a_plan_there_is_nothing_to_do_and_a_spoilt_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "safe.json"
    command = [sys.executable, "-I", "-m", "hardware.safe", str(path)]
    quiet = subprocess.run(command, capture_output=True, text=True)
    assert (quiet.returncode, quiet.stderr) == (0, "")
    path.write_text("{")
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 1
    assert "cannot be read" in told.stderr
    path.write_text(json.dumps(safe.Plan(chip=str(tmp_path / "gone"), label="", lines=[])))
    assert "cannot be opened (No such file" in subprocess.run(command, capture_output=True, text=True).stderr


def test_it_imports_nothing_that_a_slow_board_would_wait_for() -> None:
    code = "import sys, hardware.safe; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True).stdout.split()
    assert "hardware.safe" in loaded
    assert not {"numpy", "msgspec", "asyncio", "lgpio", "gpiozero", "ctypes"} & set(loaded)
