"""lgpio itself, as far as a machine without a gpiochip can show it; it pulses in tests/appliance."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hardware.gpio.software_pwm import PulsedChip


def test_its_import_leaves_the_process_where_it_was() -> None:
    look = "print(os.getcwd(), *os.environ)"
    code = f"import os; {look}; import hardware.gpio.software_pwm; {look}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = ran.stdout.splitlines()
    assert before == after


def test_a_chip_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="gpiochip"):
        PulsedChip(9999)
