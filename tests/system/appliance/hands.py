"""A person at the machine: presses, speaks, listens, looks at the lamp, reads the journal."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from daemon.telemetry.journal import RecordKind
from tests.system.appliance import judge
from tests.system.appliance.judge import Trace
from tests.system.appliance.machine import Machine, MachineError

BUTTON: Final = 17
STATUS: Final = (5, 6, 13)
LAMP: Final = 22
HEATER: Final = 24
FAN: Final = 18
OUTPUTS: Final = {LAMP: 0, HEATER: 1}
"""The outputs and their safe levels; the heater's relay switches on when its line is low."""
WATCHED: Final = (BUTTON, *STATUS, LAMP, HEATER, FAN)

SPAN_MS: Final = 7  # no divisor of the 10 ms in which the fan pulses
TURN_S: Final = 180.0
READY_S: Final = 180.0
BRAIN_S: Final = 240.0
RESTART_S: Final = 120.0
_CONTROL: Final = "/usr/bin/python3 -I /rig/guest/control.py"
_ROOM: Final = "plughw:CARD=Loopback,DEV=1"
"""The other end of the sound card: what is played here the microphone hears, and the other way round."""

_PULL: Final = f"/run/pins/sim_gpio{BUTTON}/pull"
DOWN: Final = f"echo pull-down >{_PULL}"
UP: Final = f"echo pull-up >{_PULL}"

OWNER: Final = "maker"
"""Who has bought the board: he may use sudo, as the first user of a Raspberry Pi."""

Json = dict[str, Any]


class NotHeldError(AssertionError):
    """The appliance did not do what it must."""


def must(held: object, words: str) -> None:
    """Raise NotHeldError unless it held."""
    if not held:
        raise NotHeldError(words)


@dataclass
class Watched:
    """What a while of watching has brought; complete when the while is over."""

    trace: Trace | None = None
    sound: bytes = b""

    @property
    def lines(self) -> Trace:
        """The levels of the watched lines."""
        must(self.trace is not None, "nobody has watched the lines")
        assert self.trace is not None
        return self.trace

    @property
    def released(self) -> float:
        """When the button was let go."""
        at = self.lines.settled(BUTTON, 1)
        must(at is not None, "the button is down")
        assert at is not None
        return at

    @property
    def moods(self) -> list[judge.Mood]:
        """What the lamp showed."""
        return judge.moods(self.lines, STATUS)


@dataclass
class Hands:
    """Everything that a person can do; times are seconds of the machine's monotonic clock."""

    machine: Machine
    cursor: str = ""
    _files: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    # ------------------------------------------------------------ the button

    def press(self) -> None:
        self.machine.run(DOWN)

    def release(self) -> None:
        self.machine.run(UP)

    def double_tap(self) -> None:
        """Two taps."""
        self.machine.run(f"/usr/bin/python3 -I /rig/guest/double_tap.py {_PULL}")

    def ask(self, clip: str, pause_s: float = 0.4) -> None:
        """Hold the button, speak, let go."""
        self.machine.run(f"{DOWN}; sleep {pause_s}; {self.playing(clip)}; sleep .4; {UP}")

    def speak(self, clip: str) -> None:
        """Speak, whatever the button does."""
        self.machine.run(self.playing(clip))

    def playing(self, clip: str) -> str:
        """The command that plays a clip into the microphone."""
        return f"aplay -q -D {_ROOM} /rig/clips/{clip}.wav"

    # ------------------------------------------------------------ eyes and ears

    @contextmanager
    def watching(self, *, sound: bool = True) -> Iterator[Watched]:
        """Watch the lines and listen at the speaker for as long as the block lasts."""
        name = f"{self.machine.boots}-{next(self._files)}"
        rows, wav = (self.machine.share / "out" / f"{name}.{kind}" for kind in ("lines", "wav"))
        inside = f"/rig/out/{name}"
        wanted = " ".join(map(str, WATCHED))
        lines = f"exec /usr/bin/python3 -I /rig/guest/lines.py {inside}.lines {SPAN_MS} {wanted}"
        record = f"exec arecord -q -D {_ROOM} -f S16_LE -r 24000 -c 1 {inside}.wav"
        tasks = [self.background(lines), *([self.background(record)] if sound else [])]
        began = " -a ".join(f"-s {inside}.{kind}" for kind in ("lines", "wav")[: len(tasks)])
        self.machine.run(f"until [ {began} ]; do sleep .1; done")
        watched = Watched()
        try:
            yield watched
        finally:
            self.machine.call(f"kill {' '.join(tasks)}; while kill -0 {' '.join(tasks)}; do sleep .1; done")
        watched.trace = judge.trace(rows.read_text(), WATCHED)
        watched.sound = wav.read_bytes() if sound else b""

    def background(self, command: str) -> str:
        """Start a program in the machine; its process number."""
        words = f"setsid bash -c '{command}' >>/rig/out/background 2>&1 </dev/null & echo $!"
        return self.machine.run(words)

    def at_terminal(self, command: str, script: list[tuple[str, str]], limit_s: float) -> tuple[int, str]:
        """A command of the owner (see guest/owner.py): its status and what the terminal showed."""
        name = f"{self.machine.boots}-{next(self._files)}.script"
        (self.machine.share / "out" / name).write_text(json.dumps(script))
        sit = f"/usr/bin/python3 -I /rig/guest/owner.py {OWNER} '{command}' </rig/out/{name}"
        answer = self.machine.call(sit, limit_s)
        return answer.status, answer.output

    def level(self, line: int) -> int:
        """The level of a line now."""
        return int(self.machine.run(f"cat /run/pins/sim_gpio{line}/value"))

    def now(self) -> float:
        """The machine's monotonic clock."""
        return float(self.machine.run("cut -d' ' -f1 /proc/uptime"))

    # ------------------------------------------------------------ the journal

    def mark(self) -> None:
        """From here on `records` looks."""
        shown = self.machine.run("journalctl -q -n 0 --show-cursor")
        self.cursor = shown.partition("cursor: ")[2].strip()

    def records(self, kind: RecordKind | None = None, unit: str = "voiced.service") -> list[Json]:
        """What the journal has of a unit since the mark, oldest first."""
        match = f"MESSAGE_ID={kind.value}" if kind else ""
        after = f"--after-cursor='{self.cursor}'" if self.cursor else ""
        lines = self.machine.run(f"journalctl -q -o json {after} _SYSTEMD_UNIT={unit} {match}")
        return [json.loads(line) for line in lines.splitlines()]

    def record(self, kind: RecordKind, limit_s: float = TURN_S) -> Json:
        """The first record of a kind since the mark; waits for it. Raises NotHeldError."""
        script = (
            f"exec 4< <(exec journalctl -q -f --no-tail -o json --after-cursor='{self.cursor}' "
            f"MESSAGE_ID={kind.value}); "
            f"read -t {limit_s} -r line <&4; kill $!; printf '%s' \"$line\""
        )
        line = self.machine.run(script, limit_s + 60)
        must(line, f"no {kind.name} in the journal within {limit_s:g} s")
        record: Json = json.loads(line)
        return record

    def systemd_record(self, message_id: str) -> float:
        """When systemd first said something of this kind about the service since the mark."""
        after = f"--after-cursor='{self.cursor}'"
        lines = self.machine.run(f"journalctl -q -o json {after} MESSAGE_ID={message_id} UNIT=voiced.service")
        must(lines, "systemd has said nothing of the kind")
        return int(json.loads(lines.splitlines()[0])["__MONOTONIC_TIMESTAMP"]) / 1e6

    def unit_failures(self) -> list[str]:
        """What systemd complained of besides the main process since the mark."""
        after = f"--after-cursor='{self.cursor}'"
        lines = self.machine.run(f"journalctl -q -o cat {after} UNIT=voiced.service")
        return [line for line in lines.splitlines() if "Control process exited" in line]

    # ------------------------------------------------------------ the service

    def unit(self, *names: str, unit: str = "voiced.service") -> dict[str, str]:
        """Properties of a unit."""
        shown = self.machine.run(f"systemctl show {unit} -p {','.join(names)}")
        return dict(line.partition("=")[::2] for line in shown.splitlines())

    def await_ready(self, limit_s: float = READY_S) -> float:
        """Wait until the service is ready; when it was. Raises NotHeldError."""
        self._until("pid", "not", 0, limit_s)
        waiting = "for i in {1..30}; do systemctl -q is-active voiced && exit; sleep 1; done; exit 1"
        must(self.machine.call(waiting).status == 0, "voiced answers, but is not ready")
        return int(self.unit("ActiveEnterTimestampMonotonic")["ActiveEnterTimestampMonotonic"]) / 1e6

    def start_figures(self) -> Json:
        """How long the service took to be ready, and how long after the kernel's start it was."""
        stamps = ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
        shown = self.unit(*stamps)
        start, ready = (int(shown[stamp]) / 1e6 for stamp in stamps)
        return {"start_to_ready_s": round(ready - start, 1), "ready_at_s": round(ready, 1)}

    def await_restart(self, process: str, limit_s: float = RESTART_S) -> None:
        """Wait until another process than this is the service's. Raises NotHeldError."""
        self._until("pid", "not", int(process), limit_s)

    def await_brain(self, limit_s: float = BRAIN_S) -> None:
        """Wait until the offline brain has loaded all that it needs to answer quickly."""
        brain = "$(systemctl show -p MainPID --value voiced-brain)"
        loaded = f"journalctl -q -b -o cat _PID={brain} | grep -q 'The voice is ready'"
        waiting = f"for i in $(seq {int(limit_s / 4)}); do {loaded} && exit; sleep 4; done; exit 1"
        answer = self.machine.call(waiting, limit_s * 3)
        must(answer.status == 0, f"the brain has not loaded its voice within {limit_s:g} s")
        self.await_status("ready", "link")

    def react(self, state: str, action: str, limit_s: float = TURN_S) -> float:
        """Do something as soon as the service is in a state; when it was done."""
        waiting = f"{_CONTROL} until state is {shlex.quote(json.dumps(state))} {limit_s:g} >/dev/null"
        return float(
            self.machine.run(f"{waiting} && {{ {action}; }} && cut -d' ' -f1 /proc/uptime", limit_s + 60)
        )

    def write(self, *texts: str) -> None:
        """Turns in writing, one after the other."""
        self.machine.run(f"{_CONTROL} ask {shlex.join(texts)}", TURN_S * len(texts))

    def all_on(self) -> None:
        """Switch every output on, in writing. Raises NotHeldError."""
        self.write("turn on the lamp", "turn on the heater")
        levels = {line: self.level(line) for line in OUTPUTS}
        must(all(levels[line] != safe for line, safe in OUTPUTS.items()), f"not all are on: {levels}")

    def set_volume(self, percent: int) -> None:
        """Set the volume, in writing. Raises NotHeldError."""
        self.write(f"set the volume to {percent} percent")
        self.await_status(percent, "volume", 10)

    def must_listen(self) -> None:
        """Hold the button for a moment: the lamp must say that somebody listens."""
        with self.watching(sound=False) as seen:
            self.machine.run(f"{DOWN}; sleep 2; {UP}")
            self.wait(1)
        must("listening" in seen.moods, f"the lamp showed {' '.join(seen.moods)}")

    def pull_outputs_on(self) -> None:
        """Resistors that draw each output to its other level as soon as nobody drives it."""
        for line, level in OUTPUTS.items():
            self.machine.run(f"echo pull-{'down' if level else 'up'} >/run/pins/sim_gpio{line}/pull")

    def mend_pulls(self) -> None:
        """The resistors of the board as they were."""
        for line, level in OUTPUTS.items():
            self.machine.run(f"echo pull-{'up' if level else 'down'} >/run/pins/sim_gpio{line}/pull")

    def reboot(self, *, append: str = "") -> float:
        """Reboot and wait for the service; when it was ready. Raises NotHeldError."""
        self.machine.reboot(append=append)
        return self.await_ready()

    def late_network(self, delay_s: float) -> None:
        """From the next boot on the network is up only after a while."""
        unit = "/etc/systemd/system/late-network.service"
        text = (
            "[Unit]\\nBefore=network-online.target\\nWants=network-online.target\\n"
            f"[Service]\\nType=oneshot\\nExecStart=/bin/sleep {delay_s:g}\\nTimeoutStartSec=infinity\\n"
            "[Install]\\nWantedBy=multi-user.target\\n"
        )
        self.machine.run(f"printf '{text}' >{unit}; systemctl -q enable late-network.service")

    @staticmethod
    def wait(duration_s: float) -> None:
        """Let time pass."""
        time.sleep(duration_s)

    def status(self) -> Json:
        """What the service says of itself. Raises NotHeldError."""
        return self._until("pid", "not", 0, 60)

    def await_status(self, wanted: object, key: str, limit_s: float = 60.0) -> Json:
        """Wait until one part of the status is as wanted. Raises NotHeldError."""
        return self._until(key, "is", wanted, limit_s)

    def await_fault(self, part: str | None, limit_s: float) -> Json:
        """Wait until this part is told as broken, or with None until nothing is. Raises NotHeldError."""
        if part is None:
            return self._until("faults", "is", {}, limit_s)
        return self._until("faults", "has", part, limit_s)

    def _until(self, key: str, relation: str, wanted: object, limit_s: float) -> Json:
        command = f"{_CONTROL} until {key} {relation} {shlex.quote(json.dumps(wanted))} {limit_s:g}"
        answer = self.machine.call(command, limit_s + 120)
        must(answer.output, f"{command} has said nothing")
        status: Json = json.loads(answer.output)
        must(answer.status == 0, f"{key} is {status.get(key)} and not {wanted}")
        return status

    def output(self, relative: str) -> Path:
        """A file that the machine has written to /rig/out."""
        path = self.machine.share / "out" / relative
        if not path.exists():
            raise MachineError(f"the machine has not written {relative}")
        return path
