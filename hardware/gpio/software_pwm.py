"""Pulses of any width on a line, by lgpio: the one thing that the kernel's interface for lines cannot do.

Once a chip is open, lgpio's thread wakes up fifty times a second, pulses or not, until the process ends: so a
chip is opened only when there is something to pulse.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def _importing_lgpio() -> Iterator[None]:
    """lgpio, while imported, makes a FIFO in `LG_WD` and moves the process there. Open, it needs no name."""
    home = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="voiced-") as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from SWIG, on Python 3.12 and later
        os.environ["LG_WD"] = scratch
        try:
            yield
        finally:
            os.chdir(home)
            del os.environ["LG_WD"]


with _importing_lgpio():
    import lgpio


class PulsedChip:
    """lgpio's handle of a chip, shared by all lines: closing it takes 0.1 s. Raises OSError."""

    def __init__(self, chip: int) -> None:
        with _as_os_error():
            self.handle = lgpio.gpiochip_open(chip)

    def close(self) -> None:
        """Free the chip. Never raises."""
        with suppress(lgpio.error):
            lgpio.gpiochip_close(self.handle)


class PulsedLine:
    """An output that begins with this level, and is lgpio's until it is closed. Raises OSError."""

    def __init__(self, chip: PulsedChip, line: int, level: bool) -> None:
        self._chip = chip.handle
        self._line = line
        self._pulsing = False
        with _as_os_error():
            lgpio.gpio_claim_output(self._chip, line, level)

    def set(self, frequency_hz: float, duty: float) -> None:
        """High for this part of every period until the next call; 0 and 1 need no pulses. Raises OSError."""
        with _as_os_error():
            if 0 < duty < 1:
                lgpio.tx_pwm(self._chip, self._line, frequency_hz, duty * 100)
                self._pulsing = True
                return
            if self._pulsing:
                lgpio.tx_pwm(self._chip, self._line, 0, 0)
                self._pulsing = False
            lgpio.gpio_write(self._chip, self._line, bool(duty))

    def close(self) -> None:
        """Free the line. Never raises: after an error of lgpio it is not ours either."""
        with suppress(lgpio.error):
            lgpio.gpio_free(self._chip, self._line)


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except lgpio.error as error:
        raise OSError(str(error)) from error
