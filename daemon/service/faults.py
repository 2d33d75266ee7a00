"""Collects present faults: for `voiced status`, the journal and the status lamp."""

from __future__ import annotations

from daemon.extensions.supervisor import Extensions
from daemon.realtime.errors import told
from daemon.service.board_supervisor import BoardSupervisor
from daemon.service.machine_driver import MachineDriver
from daemon.service.sound import Sound
from daemon.telemetry.notifications import FaultsChanged

STUCK = "The button is stuck: free it, or look for a short circuit in its wires."


class Faults:
    """Asks the parts for their faults; to be used on the event loop."""

    def __init__(
        self, sound: Sound, board: BoardSupervisor, extensions: Extensions, driver: MachineDriver
    ) -> None:
        self.button_stuck = False
        self._sound = sound
        self._board = board
        self._extensions = extensions
        self._driver = driver

    def of_parts(self) -> dict[str, str]:
        """Faults by part: cards, pins, button."""
        button = STUCK if self.button_stuck else ""
        faults = {**self._sound.faults(), "pins": self._board.fault, "button": button}
        return {part: fault for part, fault in faults.items() if fault}

    def of_settings(self) -> dict[str, str]:
        """A sentence about the settings that the server refuses, if any."""
        sentence = told(self._driver.machine.connections.sessions.left_out)
        return {"settings": sentence} if sentence else {}

    def all(self) -> FaultsChanged:
        """All faults, as subscribers get them."""
        files = {f"tools/{name}": fault for name, fault in self._extensions.faults().items()}
        return FaultsChanged(self.of_parts(), files | self.of_settings())
