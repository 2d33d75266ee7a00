"""The thread that waits for edges, fed through a pipe where the kernel has no gpiochip.

A pipe has no lines: it can show what becomes of the kernel's events, and nothing about asking for them.
"""

from __future__ import annotations

import os
import queue
import struct
from pathlib import Path

import pytest

from hardware.gpio import edge_monitor
from hardware.gpio.chip_factory import ChipFactory
from tests.hardware.gpio.kernel_rig import Kernel


def event(timestamp_ns: int, rising: bool) -> bytes:
    """`struct gpio_v2_line_event`."""
    return struct.pack("=QIIII24x", timestamp_ns, 1 if rising else 2, 17, 0, 0)


def unwanted(reason: str) -> None:
    raise AssertionError(reason)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> int:
    """The end of the pipe that the kernel would write to."""
    line, kernel = os.pipe()
    Kernel(descriptor=lambda: line).play(monkeypatch, tmp_path / "dev")
    return kernel


def test_every_event_is_told_even_after_a_listener_failed(
    kernel: int, caplog: pytest.LogCaptureFixture
) -> None:
    told: queue.Queue[tuple[float, bool]] = queue.Queue()

    def listen(seconds: float, high: bool) -> None:
        told.put((seconds, high))
        if high:
            raise ValueError("the listener is broken")

    line = edge_monitor.Edges(0, 17, "up", listen, unwanted)
    os.write(kernel, event(1_500_000_000, True) + event(1_600_000_000, False))
    os.write(kernel, event(1_700_000_000, True))
    assert [told.get(timeout=10) for _ in range(3)] == [(1.5, True), (1.6, False), (1.7, True)]
    line.close()
    os.close(kernel)
    assert caplog.messages == ["edges of line 17: what listens has failed"] * 2


def test_close_ends_the_thread_also_from_the_listener(kernel: int) -> None:
    closed: queue.Queue[bool] = queue.Queue()

    def listen(seconds: float, high: bool) -> None:
        line.close()
        closed.put(True)

    line = edge_monitor.Edges(0, 17, "down", listen, unwanted)
    os.write(kernel, event(0, True))
    assert closed.get(timeout=10)
    os.close(kernel)


def test_a_chip_that_goes_is_told_once(kernel: int) -> None:
    lost: queue.Queue[str] = queue.Queue()
    line = edge_monitor.Edges(0, 17, "up", lambda seconds, high: None, lost.put)
    os.close(kernel)
    assert "gpiochip has gone" in lost.get(timeout=10)
    line.close()
    assert lost.empty()


def test_who_listens_later_than_the_line_was_claimed_is_told_too(kernel: int, tmp_path: Path) -> None:
    factory = ChipFactory("auto", tmp_path / "dev")
    line = factory.pin(17)
    line.when_changed = unwanted
    lost: queue.Queue[str] = queue.Queue()
    factory.lost = lost.put
    os.close(kernel)
    assert "gpiochip has gone" in lost.get(timeout=10)
    factory.close()
