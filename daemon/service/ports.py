"""What the appliance has of the outside world; tests and rigs hand in their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.config.model import Config
from daemon.extensions import launch
from daemon.extensions.launch import Launch
from daemon.network.dial import dial
from daemon.service.board_supervisor import open_board
from daemon.service.realtime_link import Dial
from daemon.service.sound import AlsaCards, SoundCards
from hardware.ports import Board


@dataclass(frozen=True)
class Ports:
    """Sound, pins, network, time, and the processes in which the owner's tools run."""

    sound: SoundCards
    board: Callable[[], Board]
    """Opens it, on a thread. Raises PinError where there is none; it is tried again then."""
    transport: Dial
    clock: Callable[[], float]
    """Seconds, monotonic: the clock of the event loop."""
    tools: Launch
    """Starts a process for a file of the owner's tools."""


def real_ports(config: Config) -> Ports:
    """The machine that this runs on, as the configuration wants it."""
    return Ports(AlsaCards(config.sound), lambda: open_board(config), dial, time.monotonic, launch.usual())
