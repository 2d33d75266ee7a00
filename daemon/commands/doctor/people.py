"""Checks of the service's user: it exists, has its groups, and may open the devices."""

from __future__ import annotations

import os
from collections.abc import Iterator

from daemon.commands.doctor.finding import Told, error, warning
from daemon.commands.doctor.machine import InspectedMachine


def user(machine: InspectedMachine) -> Iterator[Told]:
    """The user and its groups, by the unit and by the running process."""
    if not machine.installed:
        return
    if not machine.groups:
        fix = machine.fix(("systemd-sysusers",))
        yield error("V201", f"there is no user {machine.user}", fix.says, fix)
        return
    for code, group in _wanted(machine).items():
        gid = _gid(machine, group)
        if not gid:
            fix = machine.fix(("systemd-sysusers",))
            yield error("V202", f"there is no group {group}", fix.says, fix)
        elif group not in machine.groups:
            fix = machine.fix(("gpasswd", "-a", machine.user, group))
            yield error(code, f"the user {machine.user} is not in the group {group}", fix.says, fix)
        elif gid not in _running_gids(machine, gid):
            sentence = f"the running service is not in the group {group} yet"
            yield warning("V205", sentence, "run `systemctl restart voiced`")


def devices(machine: InspectedMachine) -> Iterator[Told]:
    """The service's user may open the devices."""
    patterns = ["/dev/snd/pcm*"] + (["/dev/gpiochip*"] if machine.config.gpio.backend == "lgpio" else [])
    closed = [path for path in machine.files(*patterns) if not machine.allows(path, os.R_OK | os.W_OK)]
    if closed:
        fix = machine.fix(("udevadm", "control", "--reload"), ("udevadm", "trigger"), ("udevadm", "settle"))
        listed = ", ".join(map(str, closed))
        yield error("V206", f"{machine.user} may not use {listed}", f"{fix.says}; else look at its rule", fix)


def _wanted(machine: InspectedMachine) -> dict[str, str]:
    return {"V203": "audio"} | ({"V204": "gpio"} if machine.config.gpio.backend == "lgpio" else {})


def _gid(machine: InspectedMachine, group: str) -> str:
    entry = (machine.run("getent", "group", group) or "").split(":")
    return entry[2] if len(entry) > 2 else ""


def _running_gids(machine: InspectedMachine, default: str) -> list[str]:
    """The groups of the running process; the default if they cannot be read."""
    gids = machine.process(machine.unit.get("MainPID"), "Groups")
    return [default] if gids is None else gids.split()
