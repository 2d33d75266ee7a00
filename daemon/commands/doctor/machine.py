"""The machine as the checks see it: the configuration, files, output of commands, the running service.

Tests use another `root` and another `run`; everything else is real.
"""

from __future__ import annotations

import getpass
import grp
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from daemon.commands.doctor.finding import Fix
from daemon.config.error_messages import ConfigError
from daemon.config.loader import load
from daemon.config.model import Config
from daemon.control.client import ControlError, Json, request
from daemon.network.credentials import KeyTextError, key_of, resolve_key
from daemon.text.masking import Secret
from daemon.text.text_file import TextFileError, read_text

Run: TypeAlias = Callable[..., str | None]

UNIT = "voiced.service"
CREDENTIAL = "voiced.realtime_key"

_COMMAND_LIMIT_S = 10.0
_UNIT_FACTS = (
    "LoadState,ActiveState,UnitFileState,Result,NRestarts,MainPID,User,SupplementaryGroups,LimitCORE,"
    "Environment"
)


def run_command(*words: str) -> str | None:
    """The standard output of a command; None if it does not exist or fails."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", timeout=_COMMAND_LIMIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


class InspectedMachine:
    """Read access to the machine; changes nothing. `path` is the configuration file."""

    def __init__(
        self,
        path: Path,
        root: Path = Path("/"),
        run: Run = run_command,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self.run = run
        self.now_s = now_s
        self.asked_by_root = os.geteuid() == 0
        self.config_error = ""
        self.root = root
        try:
            self.config = load(path)
        except ConfigError as said:
            self.config, self.config_error = Config(), str(said)

    # ------------------------------------------------------------ files

    def file(self, path: str) -> Path:
        """A file of the system, by its absolute path."""
        return self.root / path.lstrip("/")

    def files(self, *patterns: str) -> list[Path]:
        """Files of the system by absolute patterns."""
        return [path for pattern in patterns for path in sorted(self.root.glob(pattern.lstrip("/")))]

    def text(self, path: str) -> str:
        """The text of a file of the system; empty if it cannot be read."""
        return _text(self.file(path))

    def texts(self, pattern: str) -> list[str]:
        """The same of several files."""
        return list(map(_text, self.files(pattern)))

    def process(self, pid: object, name: str) -> str | None:
        """A file of a process in /proc; None if it cannot be read."""
        found = re.search(rf"^{name}:[ \t]*(.*)$", self.text(f"/proc/{pid}/status"), re.MULTILINE)
        return found[1] if found else None

    # ------------------------------------------------------------ the service

    @cached_property
    def unit(self) -> dict[str, str]:
        """systemd's properties of voiced; empty if it is not installed as a service."""
        facts = properties(self.run("systemctl", "show", UNIT, f"--property={_UNIT_FACTS}"))
        return facts if facts.get("LoadState") in ("loaded", "masked") else {}

    @cached_property
    def status(self) -> Json | None:
        """The status of the running service; None if it does not answer, and `silence` says why."""
        self.status_error = ""
        try:
            return request(Path(self.config.control.socket), "status")
        except ControlError as said:
            self.status_error = str(said)
            return None

    @property
    def installed(self) -> bool:
        """Whether its unit is installed; a masked unit tells nothing."""
        return self.unit.get("LoadState") == "loaded"

    @property
    def serves(self) -> bool:
        """Whether the service runs, answering or not: then it holds the cards and lines."""
        return self.status is not None or self.unit.get("ActiveState") == "active"

    def is_voiced(self, pid: int) -> bool:
        """Whether this is the process of the running service."""
        told = [self.unit.get("MainPID", "")] + ([str(self.status.get("pid"))] if self.status else [])
        return str(pid) in told

    def faults(self, part: str) -> str:
        """The faults of microphone, speaker, pins and button that the running service reports."""
        return str((self.status or {}).get("faults", {}).get(part, ""))

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment of the service: of its process, which only root may read, or unit; else ours."""
        if not self.installed:
            return dict(os.environ)
        running = self.text(f"/proc/{self.unit.get('MainPID', '')}/environ").split("\0")
        pairs = running if any(running) else shlex.split(self.unit.get("Environment", ""))
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    # ------------------------------------------------------------ its user

    @cached_property
    def user(self) -> str:
        """The user of the service: by its unit, else the present user."""
        return self.unit.get("User") or getpass.getuser()

    @cached_property
    def groups(self) -> set[str]:
        """The groups of the service's user, by name; empty if there is no such user."""
        named = (self.run("id", "-Gn", self.user) or "").split()
        return {*named, *self.unit.get("SupplementaryGroups", "").split()} if named else set()

    def allows(self, path: Path, rights: int) -> bool:
        """Whether the service's user may access a file (os.R_OK, os.W_OK, or both)."""
        uid = (self.run("id", "-u", self.user) or "").strip()
        if not uid or self.user == getpass.getuser():
            return os.access(path, rights)
        stat = path.stat()
        shift = 6 if stat.st_uid == int(uid) else 3 if _group_name(stat.st_gid) in self.groups else 0
        return int(uid) == 0 or (stat.st_mode >> shift) & rights == rights

    # ------------------------------------------------------------ its key

    @cached_property
    def key(self) -> Secret | None:
        """The key as the service gets it: by the configuration, else by systemd's credentials (root only)."""
        return resolve_key(self.config) or self._stored_key()

    def stored_keys(self) -> list[Path]:
        """The paths of stored keys (perhaps, if only root can look), the encrypted one first."""
        paths = (self.file(f"/etc/{store}/{CREDENTIAL}") for store in ("credstore.encrypted", "credstore"))
        return [path for path in paths if is_there(path)]

    def _stored_key(self) -> Secret | None:
        for path in self.stored_keys():
            with suppress(OSError, TextFileError, KeyTextError):
                if path.parent.name == "credstore.encrypted":
                    text = self.run("systemd-creds", "decrypt", "--name=realtime_key", str(path), "-") or ""
                else:
                    text = read_text(path)
                if key := key_of(text):
                    return key
        return None

    # ------------------------------------------------------------ fixes

    def fix(self, *commands: tuple[str, ...]) -> Fix:
        """A fix of several commands, each run if the one before succeeded."""
        says = " && ".join(map(shlex.join, commands))
        return Fix(f"run `{says}`", lambda: all(self.run(*words) is not None for words in commands))


def properties(text: str | None) -> dict[str, str]:
    """Parse the output of `systemctl show` and the like: one NAME=VALUE a line."""
    return dict(line.split("=", 1) for line in (text or "").splitlines() if "=" in line)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""


def is_there(path: Path) -> bool:
    """Whether a file exists; True if a closed folder hides that."""
    try:
        return path.exists()
    except PermissionError:
        return True
