"""Writes the configuration and the key, both or neither."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.network.credentials import CREDENTIAL, KeyTextError, key_of
from daemon.text.masking import Secret
from daemon.text.text_file import TextFileError, decoded, read_text

_OWNER: Final = "root"
_GROUP: Final = "voiced"
_CREDS_LIMIT_S: Final = 30.0


@dataclass(frozen=True)
class Places:
    """The paths of all files; tests use another `root`."""

    root: Path = Path("/")

    @property
    def config(self) -> Path:
        """The configuration of this machine."""
        return self.root / "etc/voiced/voiced.toml"

    @property
    def backup(self) -> Path:
        """The previous configuration."""
        return self.config.with_suffix(".toml.bak")

    @property
    def encrypted_key(self) -> Path:
        """The key that only this machine can read."""
        return self.root / "etc/credstore.encrypted" / f"voiced.{CREDENTIAL}"

    @property
    def plain_key(self) -> Path:
        """The unencrypted key, for root only."""
        return self.root / "etc/credstore" / f"voiced.{CREDENTIAL}"

    @property
    def written(self) -> tuple[Path, ...]:
        """All files that may be written."""
        return self.config, self.backup, self.encrypted_key, self.plain_key


@contextmanager
def all_or_nothing(places: Places) -> Iterator[None]:
    """If the block fails, by Ctrl-C too, the files are restored."""
    before = {path: _kept(path) for path in places.written}
    try:
        yield
    except BaseException:
        for path, kept in before.items():
            _put_back(path, kept)
        raise


def write_config(places: Places, text: str) -> None:
    """Write the configuration atomically, readable by the service; the old one is kept as a backup."""
    places.config.parent.mkdir(parents=True, exist_ok=True)
    if places.config.exists():
        shutil.copy2(places.config, places.backup)
        _give_to_service(places.backup)
    _write(places.config, text.encode(), 0o640)
    _give_to_service(places.config)


def store_key(places: Places, key: Secret) -> Path:
    """Store the key, encrypted for this machine if systemd can. Returns its path."""
    encrypted = _encrypted(key)
    path, other = places.encrypted_key, places.plain_key
    if encrypted is None:
        path, other = other, path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(path, encrypted or key.encode(), 0o600)
    other.unlink(missing_ok=True)
    return path


def stored_key(places: Places) -> Secret | None:
    """The key stored before, if it can be read."""
    with suppress(OSError, subprocess.SubprocessError, TextFileError, KeyTextError):
        if places.plain_key.exists():
            return key_of(read_text(places.plain_key))
        if places.encrypted_key.exists():
            return key_of(decoded(_systemd_creds("decrypt", places.encrypted_key.read_bytes())))
    return None


@contextmanager
def as_credential(key: Secret | None) -> Iterator[None]:
    """Provide the key as a systemd credential, for a check of the configuration in this process."""
    never_on_disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="voiced-setup-", dir=never_on_disk) as folder:
        if key:
            _write(Path(folder) / CREDENTIAL, key.encode(), 0o600)
        before = os.environ.get("CREDENTIALS_DIRECTORY")
        os.environ["CREDENTIALS_DIRECTORY"] = folder
        try:
            yield
        finally:
            del os.environ["CREDENTIALS_DIRECTORY"]
            if before is not None:
                os.environ["CREDENTIALS_DIRECTORY"] = before


def _encrypted(key: Secret) -> bytes | None:
    with suppress(OSError, subprocess.SubprocessError):
        return _systemd_creds("encrypt", key.encode())
    return None


def _systemd_creds(verb: str, data: bytes) -> bytes:
    """Run systemd-creds with the key on standard input, never on the command line."""
    command = ["systemd-creds", verb, f"--name={CREDENTIAL}", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True, timeout=_CREDS_LIMIT_S).stdout


def _write(path: Path, data: bytes, mode: int) -> None:
    """Replace a file atomically, safe against a power cut."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _give_to_service(path: Path) -> None:
    """Give the file to the service's group; without that group, as in a check-out, leave it."""
    with suppress(LookupError, PermissionError):
        shutil.chown(path, _OWNER, _GROUP)


def _kept(path: Path) -> tuple[bytes, os.stat_result] | None:
    with suppress(FileNotFoundError):
        return path.read_bytes(), path.stat()
    return None


def _put_back(path: Path, kept: tuple[bytes, os.stat_result] | None) -> None:
    if kept is None:
        path.unlink(missing_ok=True)
        return
    data, facts = kept
    _write(path, data, facts.st_mode & 0o777)
    with suppress(PermissionError):
        os.chown(path, facts.st_uid, facts.st_gid)
