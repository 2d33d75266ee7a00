"""Checks of the service: installed, running, not restarting all the time, versions."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from daemon import __version__
from daemon.brain.engine import Engine
from daemon.brain.engine_registry import RECOGNIZERS, SYNTHESIZERS, recognizer, synthesizer
from daemon.commands.doctor.finding import Told, error, warning
from daemon.commands.doctor.machine import UNIT, InspectedMachine

_MANY_RESTARTS: Final = 3
_OLDEST_SYSTEMD: Final = 252
_CORES: Final = ("/var/lib/systemd/coredump/core.voiced.*", "/var/crash/*voiced*", "/var/lib/voiced/core*")


def service(machine: InspectedMachine) -> Iterator[Told]:
    """Whether systemd and the control socket report it as running."""
    status = machine.status
    if not machine.unit:
        if status is None:
            remedy = "install the package, or run it by hand with `voiced run --config FILE`"
            yield warning("V901", "voiced does not run, and is not installed as a service", remedy)
        else:
            yield "voiced runs by hand"
        return
    yield from _unit(machine)
    if machine.unit.get("ActiveState") == "active" and status is None and not machine.config_error:
        if "You may not use" in machine.status_error:
            yield f"{machine.status_error}"
        else:
            remedy = "run `systemctl restart voiced`, and read `journalctl -u voiced`"
            yield error("V906", "the service runs, but does not answer at its control socket", remedy)
    if status and status.get("version") not in (None, __version__):
        sentence = f"voiced {status['version']} runs, but {__version__} is installed"
        yield warning("V907", sentence, "run `systemctl restart voiced`")


def _unit(machine: InspectedMachine) -> Iterator[Told]:
    unit = machine.unit
    if unit.get("LoadState") == "masked":
        fix = machine.fix(("systemctl", "unmask", UNIT), ("systemctl", "enable", "--now", UNIT))
        yield error("V903", "the service is masked, so that nothing can start it", fix.says, fix)
        return
    if unit.get("ActiveState") not in ("active", "activating", "reloading"):
        fix = machine.fix(("systemctl", "start", UNIT))
        sentence = f"the service does not run ({unit.get('ActiveState')}, {unit.get('Result')})"
        yield error("V902", sentence, f"{fix.says}; if it ends again, read `journalctl -u voiced`", fix)
    if unit.get("UnitFileState") == "disabled":
        fix = machine.fix(("systemctl", "enable", UNIT))
        yield warning("V904", "the service will not start with the machine", fix.says, fix)
    restarts = int(unit.get("NRestarts") or 0)
    if restarts >= _MANY_RESTARTS:
        remedy = "read why in `journalctl -u voiced -p warning`"
        yield warning("V905", f"the service has been restarted ({restarts} so far)", remedy)
    kills = _watchdog_kills(machine)
    if kills:
        remedy = "read `journalctl -u voiced` before that; look for a slow card, heat, or too little memory"
        yield warning("V908", f"the watchdog has ended the service (since yesterday: {kills})", remedy)


def _watchdog_kills(machine: InspectedMachine) -> int:
    fields = (f"UNIT={UNIT}", "UNIT_RESULT=watchdog")
    return len((machine.run("journalctl", "-q", "--since=-24h", "-o", "cat", *fields) or "").splitlines())


def secrecy(machine: InspectedMachine) -> Iterator[Told]:
    """The memory of the service holds the key, so it must never be written to a file."""
    for path in machine.files(*_CORES):
        remedy = f"run `rm {path}`, and replace the key, as it may be in there"
        yield error("V911", f"{path} is the memory of a voiced that crashed", remedy)
    if machine.installed and machine.unit.get("LimitCORE", "0") != "0":
        remedy = "take LimitCORE= out of the drop-ins that `systemctl cat voiced` shows"
        yield warning("V912", "a crash of the service would write its memory, key and all, to disk", remedy)


def versions(machine: InspectedMachine) -> Iterator[Told]:
    """Versions of its parts."""
    systemd = re.search(r"systemd (\d+)", machine.run("systemctl", "--version") or "")
    if systemd and int(systemd[1]) < _OLDEST_SYSTEMD:
        sentence = f"systemd {systemd[1]} is older than all that voiced was tested with"
        yield warning("V921", sentence, f"take a system with systemd {_OLDEST_SYSTEMD} or newer (Debian 12)")
    known = {"voiced": __version__, "Python": platform.python_version(), "kernel": platform.release()}
    known |= {"systemd": systemd[1]} if systemd else {}
    yield ", ".join(f"{name} {number}" for name, number in (known | _engines()).items())


def _engines() -> dict[str, str]:
    found = {}
    engines: list[Engine[Any]] = [*map(recognizer, RECOGNIZERS), *map(synthesizer, SYNTHESIZERS)]
    for name in sorted({package for engine in engines for package in engine.packages}):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
