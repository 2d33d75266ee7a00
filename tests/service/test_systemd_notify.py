"""Telling systemd neither raises nor waits, whatever has become of its socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.service.systemd_notify import Systemd
from daemon.text.masking import Secret

PATIENCE_S = 10.0


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(PATIENCE_S)
        yield receiver


@pytest.fixture
def voiced() -> Systemd:
    return Systemd()


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return tmp_path / "notify"


def filled(path: Path) -> int:
    """Send until nothing more is taken; how many that were."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for count in range(100_000):
            try:
                sender.sendto(b"STATUS=full", str(path))
            except BlockingIOError:
                return count
    raise AssertionError("it is never full")


def test_each_state_is_told_as_it_comes(path: Path, voiced: Systemd) -> None:
    with systemd(str(path)) as receiver:
        voiced.notify("READY=1")
        voiced.notify("STATUS=idle, connection ready")
        assert [receiver.recv(100), receiver.recv(100)] == [b"READY=1", b"STATUS=idle, connection ready"]


def test_a_status_forges_no_other_word_to_systemd_and_tells_no_secret(path: Path, voiced: Systemd) -> None:
    Secret("sk-canary-0123456789")
    with systemd(str(path)) as receiver:
        voiced.notify("STATUS=idle, sk-canary-0123456789\nSTOPPING=1\x1b[2J")
        assert receiver.recv(100) == rb"STATUS=idle, ***\nSTOPPING=1\x1b[2J"


def test_an_abstract_socket_is_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, voiced: Systemd
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{tmp_path}/notify")
    with systemd(f"\0{tmp_path}/notify") as receiver:
        voiced.notify("READY=1")
        assert receiver.recv(100) == b"READY=1"


@pytest.mark.parametrize("what", ["absent", "a file", "a folder", "too long", "nobody behind it"])
def test_a_socket_that_is_gone_raises_nothing(
    path: Path, what: str, monkeypatch: pytest.MonkeyPatch, voiced: Systemd
) -> None:
    match what:
        case "a file":
            path.write_text("")
        case "a folder":
            path.mkdir()
        case "too long":
            monkeypatch.setenv("NOTIFY_SOCKET", f"/{'x' * 200}")
        case "nobody behind it":
            with systemd(str(path)):
                pass
    voiced.notify("STOPPING=1")


def test_a_full_socket_does_not_hold_up_and_the_newest_is_told_when_there_is_room(
    path: Path, voiced: Systemd
) -> None:
    with systemd(str(path)) as receiver:
        waiting = filled(path)
        voiced.notify("READY=1")
        voiced.notify("STATUS=idle, connection waiting")
        for _ in range(waiting):
            assert receiver.recv(100) == b"STATUS=full"
        voiced.notify("STATUS=idle, connection ready")
        assert receiver.recv(100) == b"READY=1\nSTATUS=idle, connection ready"


def test_a_sign_of_life_is_never_told_late(path: Path, voiced: Systemd) -> None:
    with systemd(str(path)) as receiver:
        waiting = filled(path)
        voiced.notify("WATCHDOG=1")
        for _ in range(waiting):
            receiver.recv(100)
        voiced.notify("STATUS=idle, connection ready")
        assert receiver.recv(100) == b"STATUS=idle, connection ready"
