"""Connects to a name: every address is tried, and one that drops packets does not delay the others.

Happy eyeballs (RFC 8305): both families are looked up at once, their addresses alternate, and the next one is
tried when the one before has failed or is silent for a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import partial
from itertools import chain, zip_longest
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import Struct

from daemon.errors import PeerError

F = TypeVar("F", bound=asyncio.Future[Any])
Attempt: TypeAlias = asyncio.Task[socket.socket]
Shunned: TypeAlias = deque[str]
"""Addresses that accepted a connection that then failed: they are tried last."""

PAUSE_S: Final = 0.25
"""How long an address may be silent before the next one is tried beside it."""

_LEAST_PAUSE_S: Final = 0.01
_ALL_BEGUN_S: Final = 2.0
"""By then every address is being tried: callers may give up after four seconds."""
_OTHER_FAMILY_S: Final = 1.0
_SILENT: Final = "no answer in time"


class Step(Enum):
    """The step at which dialling failed."""

    NAME = auto()
    ADDRESS = auto()
    PROXY = auto()
    CLOCK = auto()
    CERTIFICATE = auto()
    CA_FILE = auto()
    TLS = auto()
    HANDSHAKE = auto()
    HEADER = auto()
    REDIRECT = auto()
    REFUSAL = auto()


class DialError(PeerError):
    """Dialling failed; the message names the remedy, and never holds a key or a password."""

    def __init__(
        self, step: Step, sentence: str, remedy: str = "", code: int = 0, retry_after_s: float = 0.0
    ) -> None:
        super().__init__(f"{sentence}; {remedy}" if remedy else sentence)
        self.step, self.sentence, self.remedy = step, sentence, remedy
        self.code, self.retry_after_s = code, retry_after_s


class SocketAddress(Struct, frozen=True):
    """One address of a name, as the kernel takes it."""

    family: int
    place: tuple[Any, ...]

    @property
    def name(self) -> str:
        """For people."""
        return str(self.place[0])


async def addresses(host: str, port: int, until: float) -> list[SocketAddress]:
    """The addresses of a name, in the order in which they are to be tried. Raises DialError.

    A resolver that never answers for one family is not waited for once the other has an answer.
    """
    lookups = [_lookup(host, port, family) for family in (socket.AF_INET6, socket.AF_INET)]
    if await _first_good(lookups, until) is not None:
        await asyncio.wait(lookups, timeout=min(_OTHER_FAMILY_S, _left_s(until)))
    found = [lookup.result() for lookup in lookups if lookup.done() and not lookup.exception()]
    if not any(found):
        raise DialError(
            Step.NAME,
            f"the name {host} cannot be found ({_why_no_name(lookups)})",
            "check that name, the network, and the servers in /etc/resolv.conf",
        )
    return [address for address in chain.from_iterable(zip_longest(*found)) if address is not None]


def _lookup(host: str, port: int, family: int) -> asyncio.Future[list[SocketAddress]]:
    """Look up on a daemon thread: a silent resolver must not delay the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[SocketAddress]] = loop.create_future()

    def ask() -> None:
        try:
            told = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            # An address may come twice, and an entry in /etc/hosts may answer for both families.
            found = dict.fromkeys(SocketAddress(each[0], each[4]) for each in told if each[0] == family)
            answer = partial(_settle, future, list(found), None)
        except (OSError, ValueError) as failure:
            answer = partial(_settle, future, [], failure)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(answer)

    threading.Thread(target=ask, name="name-lookup", daemon=True).start()
    return future


def _settle(
    future: asyncio.Future[list[SocketAddress]], found: list[SocketAddress], failure: Exception | None
) -> None:
    if failure is None:
        future.set_result(found)
    else:
        future.set_exception(failure)
        future.exception()  # seen: the answer for one family is enough


def _why_no_name(lookups: Iterable[asyncio.Future[list[SocketAddress]]]) -> str:
    failures = [lookup.exception() for lookup in lookups if lookup.done()]
    told = [each for each in failures if isinstance(each, OSError) and each.errno != socket.EAI_ADDRFAMILY]
    if told:
        return told[0].strerror or str(told[0])
    return "this cannot be a name" if failures else _SILENT


async def race(
    host: str, choice: Sequence[SocketAddress], until: float
) -> tuple[socket.socket, SocketAddress]:
    """A socket to the first address that accepts. Raises DialError with the reason for each address."""
    pause_s = min(PAUSE_S, min(_ALL_BEGUN_S, _left_s(until) / 2) / len(choice))
    turns = [asyncio.Event() for _ in range(len(choice) + 1)]
    attempts = {
        asyncio.create_task(_in_turn(address, mine, following, max(_LEAST_PAUSE_S, pause_s))): address
        for address, mine, following in zip(choice, turns, turns[1:], strict=False)
    }
    turns[0].set()
    try:
        if winner := await _first_good(attempts, until):
            return winner.result(), attempts.pop(winner)
        raise DialError(
            Step.ADDRESS,
            f"{host} cannot be reached ({_why_no_address(host, attempts)})",
            "check the URL and the network",
        )
    finally:
        _give_up(attempts)


async def _in_turn(
    address: SocketAddress, mine: asyncio.Event, following: asyncio.Event, pause_s: float
) -> socket.socket:
    await mine.wait()
    asyncio.get_running_loop().call_later(pause_s, following.set)
    try:
        return await connect(address)
    except OSError:
        following.set()
        raise


async def _first_good(futures: Iterable[F], until: float) -> F | None:
    """The first that succeeds; None if all fail or the time is up."""
    pending = set(futures)
    while pending:
        done, pending = await asyncio.wait(
            pending, timeout=_left_s(until), return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            return None
        if good := next((each for each in done if not each.exception()), None):
            return good
    return None


def _give_up(attempts: Iterable[Attempt]) -> None:
    for attempt in attempts:
        if not attempt.cancel() and not attempt.cancelled() and not attempt.exception():
            attempt.result().close()


def _why_no_address(host: str, attempts: Mapping[Attempt, SocketAddress]) -> str:
    reasons = {
        address.name: why_not(attempt.exception()) if attempt.done() else _SILENT
        for attempt, address in attempts.items()
    }
    return ", ".join(reason if name == host else f"{name}: {reason}" for name, reason in reasons.items())


async def connect(address: SocketAddress) -> socket.socket:
    """A socket to this one address. Raises OSError."""
    connection = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, address.place)
    except BaseException:
        connection.close()
        raise
    return connection


def why_not(failure: BaseException | None) -> str:
    """The system's short message for an error."""
    if isinstance(failure, TimeoutError):
        return _SILENT
    if isinstance(failure, OSError) and failure.errno:
        return os.strerror(failure.errno)
    return str(failure) or type(failure).__name__


def _left_s(until: float) -> float:
    return max(0.0, until - asyncio.get_running_loop().time())
