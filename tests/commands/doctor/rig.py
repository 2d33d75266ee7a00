"""A planted machine for doctor: a folder that stands for `/`, and what commands say there.

It holds what cannot be had on every machine that runs the tests: the kernel's sound cards and their owners,
systemd, users and groups, a thermometer. It is healthy until a test plants a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from daemon import __version__
from daemon.commands.doctor.areas import AREAS, looked_at
from daemon.commands.doctor.finding import Finding, Told
from daemon.commands.doctor.machine import InspectedMachine
from tests.control.scripted_service import ScriptedService
from tests.hardware.gpio.kernel_rig import Kernel

PID = 4242
HEADER = {"gpiochip0": ("pinctrl-bcm2711", 58)}

UNIT = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "Result": "success",
    "NRestarts": "0",
    "MainPID": str(PID),
    "User": "voiced",
    "SupplementaryGroups": "audio gpio",
    "LimitCORE": "0",
}
STATUS = {"ok": True, "version": __version__, "pid": PID, "link": "ready", "faults": {}}
CONFIG: dict[str, dict[str, Any]] = {
    "realtime": {},
    "sound": {"microphone": "card:Device", "speaker": "card:Device"},
    "gpio": {"backend": "lgpio"},
    "button": {"pin": 17},
    "devices.lamp": {"kind": "relay", "pin": 4, "active_high": False},
}
CARD = " 1 [Device         ]: USB-Audio - USB Sound\n                      USB Sound at usb-1.3, full speed\n"
HDMI = " 0 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0\n                      vc4-hdmi-0\n"


class Planted:
    """A machine to plant faults in. The running service answers unless `status` is None."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.path = folder / "voiced.toml"
        self.config = {name: dict(section) for name, section in CONFIG.items()}
        self.unit = dict(UNIT)
        self.status: dict[str, Any] | None = dict(STATUS)
        self.brain_listens = True
        self.year = 2026
        self.kernel = Kernel(dict(HEADER))
        self.ran: list[tuple[str, ...]] = []
        self.commands: dict[str, str | None] = {
            "id -u voiced": "990",
            "id -Gn voiced": "voiced audio gpio",
            "getent group audio": "audio:x:29:voiced",
            "getent group gpio": "gpio:x:997:voiced",
            "timedatectl show": "Timezone=Europe/Vienna\nNTP=yes\nNTPSynchronized=yes",
            "systemctl --version": "systemd 257 (257.8-1)",
        }
        self._plant_files()

    def _plant_files(self) -> None:
        self.write("/proc/asound/cards", HDMI + CARD)
        self.own_streams(PID + 1)
        self.write("/proc/asound/card0/pcm0p/sub0/status", "closed\n")
        self.process(PID + 1, "voiced", leader=PID)
        self.process(PID, "voiced")
        self.write("/sys/class/thermal/thermal_zone0/temp", "48312\n")
        self.write("/sys/devices/platform/soc/soc:firmware/get_throttled", "0\n")
        state = self.folder / "state"
        state.mkdir()
        state.chmod(0o777)

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def process(self, pid: int, name: str, leader: int | None = None, groups: str = "29 990 997") -> None:
        self.write(f"/proc/{pid}/status", f"Name:\t{name}\nTgid:\t{leader or pid}\nGroups:\t{groups} \n")

    def own_streams(self, thread: int | None) -> None:
        """Who has both sides of the USB card."""
        text = "closed\n" if thread is None else f"state: RUNNING\nowner_pid   : {thread}\n"
        for side in "cp":
            self.write(f"/proc/asound/card1/pcm0{side}/sub0/status", text)

    def stop_service(self) -> None:
        self.status = None
        self.unit |= {"ActiveState": "inactive", "MainPID": "0"}
        self.own_streams(None)

    def run(self, *words: str) -> str | None:
        self.ran.append(words)
        if words[:2] == ("systemctl", "show"):
            return "\n".join(f"{name}={value}" for name, value in self.unit.items())
        return self.commands.get(" ".join(words))

    def machine(self) -> InspectedMachine:
        if not self.path.exists():
            self.path.write_text(self._toml())
        now_s = datetime(self.year, 11, 21, tzinfo=UTC).timestamp()
        machine = InspectedMachine(self.path, self.root, self.run, lambda: now_s)
        machine.asked_by_root = True
        return machine

    def told(self) -> list[Told]:
        """What doctor says, the service answering meanwhile."""
        machine = self.machine()
        sockets: list[tuple[str, dict[str, Any]]] = [("brain.sock", {})] if self.brain_listens else []
        sockets += [] if self.status is None else [("control.sock", self.status)]
        with ExitStack() as services:
            for name, status in sockets:
                path = self.folder / name
                services.callback(path.unlink)
                services.enter_context(ScriptedService(path, status=[{"ok": True, **status}]).serving())
            return [each for area in AREAS if not area.audible for each in looked_at(machine, area)]

    def findings(self) -> list[Finding]:
        return [each for each in self.told() if isinstance(each, Finding)]

    def _toml(self) -> str:
        folder = self.folder
        own = {
            "brain": {"address": f"unix:{folder}/brain.sock"},
            "control": {"socket": f"{folder}/control.sock"},
            "tools": {"directory": f"{folder}/tools.d"},
        }
        sections = {**own, "state": {"directory": f"{folder}/state"}, **self.config}
        return "\n".join(_section(name, values.items()) for name, values in sections.items())


def _section(name: str, values: Iterable[tuple[str, Any]]) -> str:
    """JSON's values are TOML's."""
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values), ""])
