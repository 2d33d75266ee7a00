"""The appliance's ports to the outside world; tests pass in their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.config.model import Config
from daemon.extensions import launch
from daemon.extensions.launch import Launch
from daemon.service.board_supervisor import open_board
from daemon.service.realtime_link import Dial, dial
from daemon.service.sound import AlsaCards, SoundCards
from hardware.ports import Board


@dataclass(frozen=True)
class Ports:
    """Sound, pins, network, time, and the processes in which the owner's tools run."""

    sound: SoundCards
    board: Callable[[], Board]
    """Opens the board, on a thread. If it raises PinError, it is called again later."""
    transport: Dial
    clock: Callable[[], float]
    """Seconds, monotonic: the clock of the event loop."""
    tools: Launch
    """Starts a process for a tool file."""


def real_ports(config: Config) -> Ports:
    """The ports of this machine, by the configuration."""
    return Ports(AlsaCards(config.sound), lambda: open_board(config), dial, time.monotonic, launch.usual())
