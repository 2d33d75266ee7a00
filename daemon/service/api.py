"""The interface of the running service for the control socket and tools, later for a panel.

Each of them declares its own protocol for it (`daemon/control/handlers.py`, `daemon/tools/builtin.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from daemon import __version__
from daemon.core import events as ev
from daemon.devices.requests import DeviceAnswer, Request
from daemon.realtime.events import Json
from daemon.service.device_gateway import DeviceGateway
from daemon.service.faults import Faults
from daemon.service.machine_driver import MachineDriver
from daemon.service.sound import Sound
from daemon.service.state_store import StateStore
from daemon.service.subscribers import Counts
from daemon.service.systemd_notify import ProcessUsage
from hardware.ports import Reading


@dataclass(eq=False)
class ApplianceApi:
    """To be called on the event loop."""

    _driver: MachineDriver
    _devices: DeviceGateway
    _sound: Sound
    _store: StateStore
    _faults: Faults
    _counts: Counts
    _tool_files: Callable[[], Mapping[str, str]]
    _brain_engine: Callable[[], str]
    usage: ProcessUsage = field(default_factory=ProcessUsage)

    def happened(self, event: ev.Input) -> None:
        """Step the machine with a request."""
        self._driver.happened(event)

    async def status(self) -> Json:
        """Everything that `voiced status` shows."""
        machine, peaks = self._driver.machine, self._sound.microphone_peaks
        return {
            "version": __version__,
            "pid": os.getpid(),
            "state": machine.state,
            "link": machine.link,
            "brain_engine": self._brain_engine(),
            "devices": await self._devices.readings(),
            "volume": self.volume,
            "muted": machine.muted,
            "open": machine.is_open,
            "microphone_peak": peaks[-1] if peaks else None,
            "microphone_peaks": peaks,
            "xruns": self._counts.xruns,
            "losses": self._counts.losses,
            "faults": self._faults.of_parts() | self._faults.of_settings(),
            "left_out": machine.connections.sessions.left_out,
            "tools": self._tool_files(),
            **self.usage.figures(),
        }

    async def ask(self, request: Request) -> DeviceAnswer:
        """Request a change of an output."""
        return await self._devices.ask(request)

    async def read(self, key: str) -> Reading:
        """Read a sensor. Raises PinError."""
        return await self._devices.read(key)

    @property
    def volume(self) -> int:
        """The volume in percent."""
        return self._store.preferences.volume_percent

    def set_volume(self, percent: int) -> None:
        """Set the volume; it is kept over a restart."""
        self._sound.playback.set_gain(percent / 100)
        self._store.prefer(volume_percent=percent)

    def mute(self) -> None:
        """Mute the microphone; the answer under way is still said, but nothing is listened to any more."""
        self.happened(ev.MuteAsked(True, at_once=False))

    def forget(self) -> None:
        """Forget the conversation when the present turn is over."""
        self.happened(ev.ForgetAsked())
