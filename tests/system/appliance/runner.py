"""Runs chapters of scenarios, up to three tries each; what did not hold leaves its journal and console."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.system.appliance.chapter import Scenario
from tests.system.appliance.hands import READY_S, Hands, NotHeldError
from tests.system.appliance.image import Frozen, overlay
from tests.system.appliance.machine import CommandError, Kernel, Machine, MachineError
from tests.system.appliance.monitor import MonitorError

TRIES: Final = 3
TROUBLES: Final = (NotHeldError, CommandError, MachineError, MonitorError, OSError, ValueError, KeyError)


@dataclass
class Result:
    """How a scenario went. `tries` is 0 where its machine was not to be had."""

    name: str
    shows: str
    held: bool = False
    tries: int = 0
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def line(self) -> str:
        """A row of the table."""
        verdict = "held" if self.held else "FAILED" if self.tries else "not run"
        figures = "  ".join(f"{name}={value}" for name, value in self.figures.items())
        row = f"{verdict:<8}{self.name:<24}{self.tries} x {self.seconds:5.0f} s  {self.shows}"
        notes = [figures, *(f"try {number}: {reason}" for number, reason in enumerate(self.reasons, 1))]
        return "\n".join([row, *(f"        {note}" for note in notes if note)])


@dataclass
class Runner:
    """One run. `work` holds the disks and what the machine shares; `out` what is left of it."""

    kernel: Kernel
    bare: Frozen
    installed: Frozen
    """With voiced in it, as the first chapter leaves it."""
    work: Path
    out: Path
    results: list[Result] = field(default_factory=list)

    @property
    def share(self) -> Path:
        """What every machine sees as /rig, in a copy of its own."""
        return self.work / "share"

    def run(self, name: str, scenarios: Iterable[Scenario]) -> None:
        """A row of scenarios on a machine of their own. `name` is the machine's."""
        results = {each.name: Result(each.name, each.shows) for each in scenarios}
        self.results += results.values()
        installs = "install" in results
        base = self.bare if installs else self.installed
        if not base.memory.exists():
            return
        share = self.work / f"share-{name}"
        shutil.copytree(self.share, share, copy_function=os.link)
        disk = overlay(base.disk, self.installed.clear() if installs else self.work / f"{name}.qcow2")
        machine = Machine(self.kernel, disk, share, self.out / f"{name}.console")
        hands = Hands(machine)
        try:
            machine.wake(base.memory)
            for each in scenarios:
                self._try(hands, each, results[each.name])
            if installs and results["install"].held:
                machine.freeze(self.installed.memory)
        except TROUBLES as error:
            print(f"machine {name}: {error}", flush=True)
        finally:
            machine.close()

    def _try(self, hands: Hands, scenario: Scenario, result: Result) -> None:
        began = time.monotonic()
        while result.tries < TRIES and not result.held:
            result.tries += 1
            try:
                result.figures = scenario.act(hands)
                result.held = True
            except TROUBLES as error:
                result.reasons.append(f"{type(error).__name__}: {error}".strip())
                self._keep_evidence(hands, scenario.name, result.tries)
                self._heal(hands)
        result.seconds = time.monotonic() - began
        print(result.line(), flush=True)

    def _keep_evidence(self, hands: Hands, name: str, attempt: int) -> None:
        place = self.out / name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(hands.machine.console, place / "console")
        try:
            hands.machine.run("journalctl -b -o short-monotonic --no-pager >/rig/out/journal 2>&1")
            shutil.move(hands.machine.share / "out" / "journal", place / f"journal-{attempt}")
        except (CommandError, MachineError) as error:
            (place / f"journal-{attempt}").write_text(f"not to be had: {error}\n")

    def _heal(self, hands: Hands) -> None:
        """What a failed try has left behind must not fail the next."""
        machine = hands.machine
        try:
            machine.run("pkill -f '[/]rig/guest/'; pkill aplay; pkill arecord; true")
            machine.run("[ -e /run/pins/ ] || /usr/local/lib/rig/pins up")
            hands.release()
            hands.mend_pulls()
            machine.run("systemctl start voiced", READY_S)
            if hands.status()["muted"]:
                hands.double_tap()
            hands.await_status("idle", "state")
        except (CommandError, MachineError, NotHeldError):
            machine.cut()
            machine.boot()
            hands.await_ready()


def save(results: list[Result]) -> list[dict[str, Any]]:
    """The results as plain values."""
    return [asdict(result) for result in results]
