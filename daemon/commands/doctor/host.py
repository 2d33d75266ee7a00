"""Checks of the board: its clock, its temperature, its power supply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from daemon.commands.doctor.finding import Told, error, warning
from daemon.commands.doctor.machine import InspectedMachine, properties

_FIRST_YEAR: Final = 2026
"""This program is not older; a board without a battery-backed clock boots with an earlier year."""

_HOT_C: Final = 75.0
_THROTTLED: Final = "/sys/devices/platform/soc/soc:firmware/get_throttled"

# Bits of the firmware's status: now, and 16 bits higher since boot.
_UNDERVOLTAGE: Final = 1 << 0
_SLOWED: Final = 1 << 1 | 1 << 2 | 1 << 3


def clock(machine: InspectedMachine) -> Iterator[Told]:
    """The year is plausible, and the clock is synchronised."""
    now = datetime.fromtimestamp(machine.now_s(), UTC)
    sync = properties(machine.run("timedatectl", "show"))
    fix = machine.fix(("timedatectl", "set-ntp", "true"))
    if now.year < _FIRST_YEAR:
        sentence = f"the clock says {now:%Y-%m-%d}, so that no certificate will be valid"
        yield error("V501", sentence, f"{fix.says}, and wait until the network is there", fix)
    elif sync.get("CanNTP") == "no":
        yield warning("V502", "nothing here keeps the clock right", "run `apt install systemd-timesyncd`")
    elif sync.get("NTP") == "no":
        yield warning("V502", "setting the clock by the network is switched off", fix.says, fix)
    elif sync.get("NTPSynchronized") == "no":
        remedy = "check the network, then `systemctl restart systemd-timesyncd`"
        yield warning("V503", "the clock has not been set by the network yet", remedy)
    zone = sync.get("Timezone", "its time zone is not known")
    yield f"{now:%Y-%m-%d %H:%M} UTC, {zone}" + ("" if sync else "; who keeps it right is not known")


def heat(machine: InspectedMachine) -> Iterator[Told]:
    """The board is not too hot and not throttled."""
    temperatures_c = [
        int(text) / 1000
        for text in map(str.strip, machine.texts("/sys/class/thermal/thermal_zone*/temp"))
        if re.fullmatch(r"-?\d+", text)  # empty while the sensor sleeps
    ]
    if temperatures_c and max(temperatures_c) >= _HOT_C:
        sentence = f"the board is hot, {max(temperatures_c):.0f} degrees, and will slow down"
        yield warning("V511", sentence, "give it a heat sink, air, or a cooler place")
    elif temperatures_c:
        yield f"{max(temperatures_c):.0f} degrees"


def power(machine: InspectedMachine) -> Iterator[Told]:
    """On a Raspberry Pi, whether the supply is too weak and the processor throttled."""
    word = _firmware_word(machine)
    if word is None:
        return
    if word & (_UNDERVOLTAGE | _UNDERVOLTAGE << 16):
        since = "is" if word & _UNDERVOLTAGE else "was"
        sentence = f"the voltage of the power supply {since} too low"
        yield warning("V512", sentence, "take the board's own supply and a short, thick cable")
    if word & (_SLOWED | _SLOWED << 16):
        since = "is" if word & _SLOWED else "was"
        sentence = f"the processor {since} slowed down, for heat or for lack of power"
        yield warning("V513", sentence, "check the cooling and the power supply, then restart the board")


def _firmware_word(machine: InspectedMachine) -> int | None:
    text = machine.text(_THROTTLED) or machine.run("vcgencmd", "get_throttled") or ""
    word = re.search(r"(?:throttled=0x|^)([0-9a-fA-F]+)\s*$", text)
    return int(word[1], 16) if word else None
