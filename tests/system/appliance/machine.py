"""An emulated machine: boots, does what it is told, loses its power."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.system.appliance.monitor import Monitor

BOOT_S: Final = 600.0
COMMAND_S: Final = 120.0
MEMORY_MB: Final = 1024
_KERNEL: Final = (
    "root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.show_status=0 "
    # What takes long under emulation, and what a slow boot must not run into.
    "mitigations=off nowatchdog audit=0 rcupdate.rcu_expedited=1 nokaslr cryptomgr.notests lsm=capability "
    "init_on_alloc=0 systemd.default_device_timeout_sec=900 systemd.default_timeout_start_sec=900"
)
_HARDWARE: Final = (
    # Software emulation, always: a /dev/kvm that is there may still not be able to boot this kernel.
    # One processor: two wait for each other when the host is busy, and panic on each other's patched code.
    "qemu-system-x86_64 -accel tcg -smp 1 "
    # No more than numpy and onnxruntime ask for, and than a board has: what is there has to be emulated.
    "-cpu Nehalem -machine q35,sata=off,smbus=off,i8042=off,hpet=off,vmport=off "
    f"-m {MEMORY_MB} -display none -nic none -no-reboot -nodefaults"
)
_NO_LIMIT: Final = 2**40


class MachineError(Exception):
    """The machine does not answer: it did not boot, it has gone, or a command took too long."""


class CommandError(Exception):
    """A command in the machine ended with another status than 0; the message has what it printed."""


@dataclass(frozen=True)
class Answer:
    """What a command in the machine printed, both streams, and its exit status."""

    status: int
    output: str


@dataclass(frozen=True)
class Kernel:
    """What QEMU starts."""

    vmlinuz: Path
    initrd: Path


def hardware() -> str:
    """What this machine is, in a few characters: another one cannot be woken from its memory."""
    version = subprocess.run(["qemu-system-x86_64", "--version"], check=True, capture_output=True, text=True)
    return hashlib.sha256(f"{version.stdout} {_HARDWARE} {_KERNEL}".encode()).hexdigest()[:16]


@dataclass
class Machine:
    """A machine with one disk. `share` is /rig inside; the console goes to `console`, boot after boot."""

    kernel: Kernel
    disk: Path
    share: Path
    console: Path
    boots: int = 0
    _qemu: subprocess.Popen[bytes] | None = None
    _line: _Line | None = None
    _sockets: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="voiced-machine-")))

    def boot(self, *, append: str = "") -> None:
        """Switch it on and wait for its agent. `append` are words for the kernel. Raises MachineError."""
        self._switch_on(append)
        self._agent.await_hello()

    def freeze(self, memory: Path) -> None:
        """Keep what it has in memory, and be off. Its disk stays as it is for whoever wakes it.

        Raises CommandError, MachineError, MonitorError.
        """
        # A shared folder in use cannot be frozen.
        self.run("umount /rig")
        monitor = self._monitor()
        monitor.do("stop")
        monitor.do("migrate-set-parameters", **{"max-bandwidth": _NO_LIMIT})
        monitor.do("migrate", uri=f"exec:cat >{shlex.quote(str(memory))}")
        monitor.until("query-migrate", "completed")
        monitor.do("quit")
        self.cut()

    def wake(self, memory: Path) -> None:
        """Go on where a machine on such a disk was frozen.

        Raises CommandError, MachineError, MonitorError.
        """
        self._switch_on("(woken)", "-incoming", "defer")
        monitor = self._monitor()
        monitor.do("migrate-incoming", uri=f"exec:cat {shlex.quote(str(memory))}")
        monitor.until("query-migrate", "completed")
        monitor.do("cont")
        self.run(f"date -s @{time.time():.0f}; mount /rig")

    def _switch_on(self, append: str, *more: str) -> None:
        self.boots += 1
        with self.console.open("ab") as console:
            console.write(f"\n==== boot {self.boots} {append}\n".encode())
        command = [*self._command(append), *more]
        self._qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._line = _Line(_connect(self._socket("rig"), self._qemu))

    def _monitor(self) -> Monitor:
        assert self._qemu is not None
        return Monitor(_connect(self._socket("monitor"), self._qemu))

    def _socket(self, name: str) -> Path:
        return self._sockets / f"{name}-{self.boots}"

    def _command(self, append: str) -> list[str]:
        own = {
            "-kernel": str(self.kernel.vmlinuz),
            "-initrd": str(self.kernel.initrd),
            "-append": f"{_KERNEL} {append}",
            # What the machine flushes is in the host's memory then: a cut ends QEMU, and not the host.
            "-drive": f"file={self.disk},format=qcow2,if=virtio,cache=unsafe",
            "-virtfs": f"local,path={self.share},mount_tag=rig,security_model=none,multidevs=remap",
            "-qmp": f"unix:{self._socket('monitor')},server=on,wait=off",
        }
        devices = (
            f"-chardev file,id=console,path={self.console},append=on -serial chardev:console "
            f"-chardev socket,id=rig,path={self._socket('rig')},server=on,wait=off "
            "-device virtio-serial-pci -device virtserialport,chardev=rig,name=rig"
        )
        pairs = itertools.chain.from_iterable(own.items())
        # Whatever ends the tests ends the machine.
        return ["setpriv", "--pdeathsig", "KILL", *_HARDWARE.split(), *pairs, *devices.split()]

    @property
    def on(self) -> bool:
        """Does it run?"""
        return self._qemu is not None and self._qemu.poll() is None

    def start(self, command: str) -> Future[Answer]:
        """Begin a shell command; several may run at once. Raises MachineError."""
        return self._agent.send(command)

    @property
    def _agent(self) -> _Line:
        if self._line is None or not self.on:
            raise MachineError("the machine is off")
        return self._line

    def call(self, command: str, limit_s: float = COMMAND_S) -> Answer:
        """Run a shell command as root, however it ends. Raises MachineError."""
        began = time.monotonic()
        self._note(f"$ {command}")
        try:
            answer = self.start(command).result(limit_s)
        except TimeoutError:
            raise MachineError(f"no end within {limit_s:g} s: {command}") from None
        self._note(f"{answer.output}[{answer.status}, {time.monotonic() - began:.1f} s]")
        return answer

    def _note(self, line: str) -> None:
        """What was asked and answered is kept beside the console."""
        with self.console.with_suffix(".commands").open("a") as notes:
            notes.write(f"{line}\n")

    def run(self, command: str, limit_s: float = COMMAND_S) -> str:
        """Run a shell command that must succeed; what it printed. Raises CommandError, MachineError."""
        answer = self.call(command, limit_s)
        if answer.status:
            raise CommandError(f"{command}: exit status {answer.status}\n{answer.output}")
        return answer.output.strip()

    def cut(self) -> None:
        """Cut its power: no program in it is told."""
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
        self._qemu = self._line = None

    def shut_down(self, limit_s: float = BOOT_S) -> None:
        """Switch it off as its owner would. Raises MachineError."""
        if self._qemu is None:
            return
        with contextlib.suppress(MachineError):
            self.start("systemctl poweroff")
        try:
            self._qemu.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise MachineError("it does not shut down") from None
        finally:
            self.cut()

    def reboot(self, *, append: str = "") -> None:
        """Shut down and boot."""
        self.shut_down()
        self.boot(append=append)

    def close(self) -> None:
        """Leave nothing running."""
        self.cut()
        shutil.rmtree(self._sockets, ignore_errors=True)


class _Line:
    """The virtio port: commands go in, answers come out in any order."""

    def __init__(self, line: socket.socket) -> None:
        self._waiting: dict[str, Future[Answer]] = {}
        self._numbers = itertools.count(1)
        self._hello = threading.Event()
        self._gone = False
        self._lock = threading.Lock()
        self._socket = line
        threading.Thread(target=self._listen, name="agent", daemon=True).start()

    def await_hello(self) -> None:
        """Wait until the machine has booted. Raises MachineError."""
        if not self._hello.wait(BOOT_S) or self._gone:
            raise MachineError(f"no agent within {BOOT_S:g} s of power-on; see the console")

    def send(self, command: str) -> Future[Answer]:
        answer: Future[Answer] = Future()
        with self._lock:
            if self._gone:
                raise MachineError("the machine has gone")
            number = str(next(self._numbers))
            self._waiting[number] = answer
            self._socket.sendall(f"{number} {base64.b64encode(command.encode()).decode()}\n".encode())
        return answer

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._heard(line.decode().split())
        with self._lock:
            self._gone = True
        self._hello.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(MachineError("the machine has gone"))

    def _heard(self, words: list[str]) -> None:
        if words[0] == "hello":
            self._hello.set()
            return
        number, status, *output = words
        text = base64.b64decode(output[0]).decode(errors="replace") if output else ""
        self._waiting.pop(number).set_result(Answer(int(status), text))


def _connect(path: Path, qemu: subprocess.Popen[bytes]) -> socket.socket:
    deadline = time.monotonic() + 10
    line = socket.socket(socket.AF_UNIX)
    while qemu.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            line.connect(str(path))
            return line
        time.sleep(0.05)
    said = qemu.stderr.read().decode() if qemu.poll() is not None and qemu.stderr else ""
    raise MachineError(f"QEMU does not start: {said.strip()}")
