"""Has the microphone stand by for the wake word, unless it is muted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from daemon.config.model import Config
from daemon.service.faults import Faults
from daemon.service.sound import Sound
from daemon.telemetry.notifications import FaultsChanged, StandbyChanged
from daemon.wake.detector import WakeError
from daemon.wake.registry import open_detectors


@dataclass(eq=False)
class WakeWord:
    """To be used on the event loop."""

    _config: Config
    _sound: Sound
    _publish: Callable[[StandbyChanged | FaultsChanged], None]
    _faults: Faults
    _listens: bool = False
    _wanted: bool = True

    async def open(self) -> None:
        """Load the detectors, if there is a word; without them the button works as ever."""
        wake, sound = self._config.wake, self._config.sound
        if not wake.words:
            return
        try:
            detectors = await asyncio.to_thread(open_detectors, wake.words, wake.sensitivity)
        except WakeError as error:
            self._sound.wake_fault = str(error)
            self._publish(self._faults.all())
            return
        pre_roll_s = sound.pre_roll_ms / 1000 if sound.capture == "always" else 0.0
        self._sound.listen_for(detectors, pre_roll_s)
        self._listens = True
        if self._wanted:
            self._switch(True)

    def stand_by(self, wanted: bool) -> None:
        """Listen for the word, as soon as that can be done; or no longer."""
        changed, self._wanted = wanted != self._wanted, wanted
        if self._listens and changed:
            self._switch(wanted)

    def _switch(self, on: bool) -> None:
        self._sound.stand_by(on)
        self._publish(StandbyChanged(on))
