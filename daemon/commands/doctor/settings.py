"""Checks of the configuration: the file, the key, the owner's tools, names, the state directory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from daemon.commands.doctor.finding import Told, error, split, warning
from daemon.commands.doctor.machine import CREDENTIAL, InspectedMachine, is_there
from daemon.devices import inventory
from daemon.extensions.child import IMPORT_LIMIT_S
from daemon.extensions.files import is_tool_file
from daemon.extensions.trial import load_tools
from daemon.network.credentials import find_key, is_pasted
from daemon.realtime.address import SOCKET_PATH_BYTES
from daemon.text.text_file import read_text
from daemon.tools.builtin import reserved_names

_KEYS: Final = re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")
_OTHER_PLACES: Final = (
    "/etc/environment",
    "/etc/default/voiced",
    "/etc/systemd/system/voiced.service",
    "/etc/systemd/system/voiced.service.d/*.conf",
)
_FULL_BYTES: Final = 2**20
_LOW_BYTES: Final = 50 * 2**20


def configuration(machine: InspectedMachine) -> Iterator[Told]:
    """The file exists, is valid, and has the right owner."""
    path = machine.path
    if is_there(path) and not os.access(path, os.R_OK):
        yield error("V101", f"{path} may not be read by you", "ask again with `sudo`")
        return
    if machine.config_error:
        yield error("V102", *split(machine.config_error, "; "))
    if not path.exists():
        return
    if path.stat().st_mode & 0o022:
        fix = machine.fix(("chmod", "go-w", str(path)))
        yield warning("V103", f"{path} can be changed by others than its owner", fix.says, fix)
    if not machine.allows(path, os.R_OK):
        fix = machine.fix(("chown", f":{machine.user}", str(path)), ("chmod", "0640", str(path)))
        yield error("V104", f"{path} cannot be read by the service's user {machine.user}", fix.says, fix)
    if not machine.config_error and not read_text(path).strip():
        sentence = f"{path} is empty, so that everything is as it is by default"
        yield warning("V106", sentence, "copy deploy/demo.toml there, or run `sudo voiced setup`")
    for look in (_wire_log, _control_socket):
        with suppress(PermissionError):  # in a folder that others may not read
            yield from look(machine)


def _wire_log(machine: InspectedMachine) -> Iterator[Told]:
    """The wire log fills the disk, or cannot be written; the service works without it."""
    if not machine.config.debug.wire_log:
        return
    path = Path(machine.config.debug.wire_log)
    if path.is_dir():
        problem = f"{path} is a directory"
    elif not path.parent.is_dir():
        problem = f"there is no folder {path.parent}"
    elif not machine.allows(path if path.exists() else path.parent, os.W_OK):
        problem = f"{machine.user} may not write to {path}"
    else:
        sentence = "debug.wire_log: every event of the wire is written down, which fills the disk"
        yield warning("V105", sentence, 'write wire_log = "" when you have seen enough')
        return
    remedy = 'name a file in a folder that the service may write to, or write wire_log = ""'
    yield warning("V107", f"debug.wire_log: {problem}", remedy)


def _control_socket(machine: InspectedMachine) -> Iterator[Told]:
    """The control socket must be possible, or the service does not start."""
    path = Path(machine.config.control.socket)
    there = next(each for each in (path.parent, *path.parent.parents) if each.exists())
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES:
        problem = f"the path of a socket has at most {SOCKET_PATH_BYTES} bytes"
    elif not there.is_dir():
        problem = f"{there} is no directory"
    elif path.exists() and not path.is_socket():
        problem = f"{path} is there already, and is no socket"
    else:
        return
    yield error("V108", f"control.socket: {problem}", 'write socket = "/run/voiced/control.sock"')


def key(machine: InspectedMachine) -> Iterator[Told]:
    """A required key exists, looks like one, and only the service can read it."""
    yield from _leaks(machine)
    realtime = machine.config.realtime
    if realtime.server.is_brain:
        return
    yield from _key_file(machine)
    if machine.key is None and realtime.server.needs_key:
        yield _no_key(machine)


def _key_file(machine: InspectedMachine) -> Iterator[Told]:
    """Faults of the key file, and whether the service may read it."""
    named = machine.config.realtime.key_file
    if named and is_pasted(Path(named)):
        remedy = "write it into a file, and the path of that file here"
        yield error("V118", "realtime.key_file: this is the key itself", remedy)
        return
    if named and not is_there(Path(named)):
        yield warning("V111", f"realtime.key_file: {named} is not there", "write the key into it")
        return
    readable = not named or os.access(named, os.R_OK)
    found = find_key(machine.config)
    if readable and found.trouble:
        level = warning if found.key else error
        yield level("V113", *split(found.trouble, "; "))
    elif named and not _lets_in(machine, Path(named)):
        fix = machine.fix(("chown", f":{machine.user}", named), ("chmod", "0640", named))
        sentence = f"realtime.key_file: {named} cannot be read by the service's user {machine.user}"
        yield error("V117", sentence, fix.says, fix)
    elif not readable:
        yield f"whether there is a key in {named} only root may look"


def _lets_in(machine: InspectedMachine, path: Path) -> bool:
    """Whether the service's user may read it; True if a closed folder hides that."""
    try:
        return machine.allows(path, os.R_OK)
    except PermissionError:
        return True


def _no_key(machine: InspectedMachine) -> Told:
    stored = machine.stored_keys()
    if stored and not machine.asked_by_root:
        return f"whether there is a key in {stored[0].parent} only root may look"
    if stored:
        return error(
            "V114",
            f"the key in {stored[0]} cannot be read on this machine",
            "store it again with `voiced setup`; it was made for another machine, is empty, or is no key",
        )
    remedy = "store one with `voiced setup`, or name a file with it as realtime.key_file"
    if machine.config.realtime.fallback == "offline":
        sentence = "there is no key for the cloud, so that the offline brain answers everything"
        return warning("V112", sentence, remedy)
    return error("V112", "there is no key for the cloud, and no fallback", remedy)


def _leaks(machine: InspectedMachine) -> Iterator[Told]:
    """Files with a key that anyone may read."""
    key_files = [Path(machine.config.realtime.key_file), machine.file(f"/etc/credstore/{CREDENTIAL}")]
    for path in key_files:
        if _readable_by_all(path):
            fix = machine.fix(("chmod", "o=", str(path)))
            yield error(
                "V115",
                f"everybody on this machine may read the key in {path}",
                f"{fix.says}, and replace the key, as it may be known",
                fix,
            )
    for path in [machine.path, *machine.files(*_OTHER_PLACES)]:
        if _readable_by_all(path) and _KEYS.search(path.read_text(errors="replace")):
            yield error(
                "V116",
                f"there is a key in {path}, which everybody may read",
                "take it out, store a new one with `voiced setup`, and withdraw this one",
            )


def _readable_by_all(path: Path) -> bool:
    try:
        return path.is_file() and bool(path.stat().st_mode & 0o004) and os.access(path, os.R_OK)
    except OSError:
        return False


def tools(machine: InspectedMachine, limit_s: float = IMPORT_LIMIT_S) -> Iterator[Told]:
    """The owner's tool files can be loaded, and the service may read them."""
    folder = Path(machine.config.tools.directory)
    yield from _unreadable(machine, folder)
    if is_there(folder) and not os.access(folder, os.R_OK):
        yield f"what is in {folder} was not looked at: you may not"
        return
    own, errors = load_tools(folder, reserved_names(), limit_s)
    for each in errors:
        yield error("V121", f"tools.directory: {each.problem}", each.remedy)
    if own:
        yield f"own tools: {', '.join(own)}"


def _unreadable(machine: InspectedMachine, folder: Path) -> Iterator[Told]:
    """A tool file, or the directory, that the service's user may not read."""
    if not folder.is_dir():
        return
    if not machine.allows(folder, os.R_OK | os.X_OK):
        fix = machine.fix(("chgrp", machine.user, str(folder)), ("chmod", "g+rx", str(folder)))
        yield error("V123", f"tools.directory: {machine.user} may not read {folder}", fix.says, fix)
        return
    for path in filter(is_tool_file, folder.glob("*")):
        if not machine.allows(path, os.R_OK):
            fix = machine.fix(("chgrp", machine.user, str(path)), ("chmod", "g+r", str(path)))
            yield error("V124", f"tools.directory: {machine.user} may not read {path}", fix.says, fix)


def names(machine: InspectedMachine) -> Iterator[Told]:
    """Names of different devices that the offline brain could take for each other."""
    config = machine.config
    if not config.realtime.may_be_offline or not config.devices:
        return
    from daemon.brain.asr.name_similarity import confusable
    from daemon.brain.asr.recognizer import RecognizerError

    called = inventory.names(config.devices)
    try:
        alike = confusable(called.names(config.devices))
    except (RecognizerError, ImportError):
        yield "whether names of devices sound alike was not looked at: the offline brain is not installed"
        return
    for one, other in alike:
        if called.key(one) != called.key(other):
            yield error(
                "V122",
                f'devices.{called.key(other)}.say: "{other}" sounds like "{one}"',
                "choose another name",
            )


def state(machine: InspectedMachine) -> Iterator[Told]:
    """Volume and mute can be stored, and the disk has space."""
    folder = Path(machine.config.state.directory)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        yield warning(
            "V131",
            f"state.directory: {there} is on a file system that can only be read, so nothing is kept",
            "look with `dmesg` why, then mount it for writing, or name a folder on another one",
        )
    elif not folder.exists() and not machine.allows(there, os.W_OK):
        fix = machine.fix(("install", "-d", "-m", "0700", "-o", machine.user, str(folder)))
        yield warning(
            "V132", f"state.directory: {folder} is not there, and the service may not make it", fix.says, fix
        )
    elif folder.exists() and not folder.is_dir():
        yield error("V133", f"state.directory: {folder} is no directory", "name one that voiced may write to")
    elif folder.exists() and not machine.allows(folder, os.W_OK):
        fix = machine.fix(("chown", "-R", f"{machine.user}:", str(folder)), ("chmod", "u+rwx", str(folder)))
        sentence = f"state.directory: {machine.user} may not write into {folder}"
        yield warning("V134", sentence, fix.says, fix)
    yield from _disk_space(there)


def _disk_space(folder: Path) -> Iterator[Told]:
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    remedy = f"make room: `journalctl --vacuum-size=50M`, `apt clean`, or see `du -xh -d 2 {folder.anchor}`"
    if free_bytes < _FULL_BYTES:
        yield error("V135", f"the disk with {folder} is full", remedy)
    elif free_bytes < _LOW_BYTES:
        yield warning("V136", f"the disk with {folder} has only {free_bytes >> 20} MB left", remedy)
    elif disk.f_files and disk.f_favail < 100:
        yield warning("V137", f"the disk with {folder} has no room for more files", remedy)
    else:
        yield f"{free_bytes / 2**30:.1f} GB free"
