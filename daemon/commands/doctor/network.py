"""Checks of the server: its name, the network, its certificate, the key, the model; and of the brain."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException

from daemon.brain.engine_registry import on_this_board, recognizer
from daemon.commands.doctor.finding import Finding, Told, error, split, warning
from daemon.commands.doctor.machine import InspectedMachine
from daemon.network.credentials import find_brain_key
from daemon.network.dial import Way, dial, look
from daemon.network.endpoint import Endpoint, brain_endpoint, cloud_endpoint, server_address
from daemon.network.happy_eyeballs import DialError, SocketAddress, Step, addresses, connect, why_not
from daemon.network.trust import trust
from daemon.realtime.address import AddressError, is_loopback
from daemon.realtime.codec import UndecodableFrame, decode_server
from daemon.realtime.errors import RefusalCause, cause_of
from daemon.realtime.events import Error, ServerEvent, SessionCreated

_LIMIT_S: Final = 5.0
_GREETING_S: Final = 10.0
_PORTS: Final = {"ws": 80, "wss": 443}
_MOST_ADDRESSES: Final = 16
_CODES: Final = {
    Step.NAME: "V602",
    Step.CLOCK: "V603",
    Step.CERTIFICATE: "V604",
    Step.TLS: "V605",
    Step.ADDRESS: "V606",
    Step.PROXY: "V608",
    Step.CA_FILE: "V609",
    Step.REDIRECT: "V610",
    Step.HEADER: "V619",
    Step.HANDSHAKE: "V617",
}
_OF_THE_WAY: Final = re.compile(r".*_proxy|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
_NOT_USED_HERE: Final = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Errors for an address family without a route: they come at once and do no harm."""
_BLAME_THE_URL: Final = (Step.NAME, Step.ADDRESS, Step.TLS, Step.REDIRECT)
_REFUSALS: Final = {
    RefusalCause.KEY: "V611",
    RefusalCause.ACCESS: "V612",
    RefusalCause.PLACE: "V613",
    RefusalCause.RATE: "V614",
    RefusalCause.REQUEST: "V615",
    RefusalCause.QUOTA: "V616",
}


def way(machine: InspectedMachine, limit_s: float = _LIMIT_S) -> Iterator[Told]:
    """Name, network, proxy and certificate of the cloud."""
    if (where := _cloud(machine)) is None:
        return
    parts = urlsplit(where.url)
    host = parts.hostname or ""
    if parts.scheme == "ws" and where.headers and not is_loopback(host):
        yield warning(
            "V601", "realtime.url: ws:// shows the key to everyone on the way", "write wss:// instead"
        )
    if read_as := address(machine):
        yield read_as
    try:
        _check_authority(machine)
        found = _looked(machine, where, limit_s)
    except DialError as said:
        yield _trouble(said)
        return
    by = f" by the proxy {found.proxy.name}" if found.proxy else ""
    yield f"{host} can be reached{by}"
    if not found.proxy:
        yield from _dead_addresses(host, parts.port or _PORTS[parts.scheme], limit_s)


def address(machine: InspectedMachine) -> str:
    """How the configured address was read, if it differs from what was written."""
    realtime = machine.config.realtime
    if not realtime.server.url_form:
        return ""
    read = server_address(realtime)
    as_written = realtime.url in (read.url, read.url.partition("?")[0])
    return "" if as_written else f"realtime.url is read as {read.shown}"


def _check_authority(machine: InspectedMachine) -> None:
    """The service must be able to read the configured CA file. Raises DialError."""
    path = machine.config.realtime.ca_file
    if path:
        trust(path)
        if not machine.allows(Path(path), os.R_OK):
            sentence = f"realtime.ca_file: {path} cannot be read by the service's user {machine.user}"
            raise DialError(Step.CA_FILE, sentence, f"run `chmod o+r {path}`")


def answer(machine: InspectedMachine, limit_s: float = _GREETING_S) -> Iterator[Told]:
    """Key, model and quota: opens a session without asking anything, free of charge."""
    if (where := _cloud(machine)) is None:
        yield "the offline brain answers: no network is needed"
        return
    if machine.status and machine.status.get("link") == "ready":
        yield "the running service is connected"
        return
    if machine.key is None and machine.config.realtime.server.needs_key:
        return
    with contextlib.suppress(DialError):  # told by `way`
        _looked(machine, where, _LIMIT_S)
        yield _greeting(machine, where, limit_s)


def _cloud(machine: InspectedMachine) -> Endpoint | None:
    realtime = machine.config.realtime
    return None if realtime.server.is_brain else cloud_endpoint(realtime, machine.key)


def _looked(machine: InspectedMachine, where: Endpoint, limit_s: float) -> Way:
    """Connect as the service does, up to TLS. Raises DialError."""
    with _surroundings(machine):
        return asyncio.run(look(where, limit_s))


@contextlib.contextmanager
def _surroundings(machine: InspectedMachine) -> Iterator[None]:
    """Use the proxies and CA settings of the service's environment instead of this shell's."""
    its = {name: text for name, text in machine.environment.items() if _OF_THE_WAY.fullmatch(name)}
    own = {name: os.environ.pop(name) for name in list(os.environ) if _OF_THE_WAY.fullmatch(name)}
    os.environ.update(its)
    try:
        yield
    finally:
        for name in its:
            del os.environ[name]
        os.environ.update(own)


def _trouble(said: DialError) -> Finding:
    begin = "realtime.url: " if said.step in _BLAME_THE_URL else ""
    return error(_CODES[said.step], f"{begin}{said.sentence}", said.remedy)


def _dead_addresses(host: str, port: int, limit_s: float) -> Iterator[Told]:
    """Addresses that cannot be reached, though the server can: each is tried separately."""
    outcomes: dict[str, str] = {}
    with contextlib.suppress(DialError):
        outcomes = asyncio.run(_try_each(host, port, limit_s))
    dead = [f"{name}: {why}" for name, why in outcomes.items() if why]
    if dead and len(dead) < len(outcomes):
        yield warning(
            "V607",
            f"realtime.url: not every address of {host} can be reached ({', '.join(dead)})",
            "mend that route if it is yours; voiced uses another address",
        )


async def _try_each(host: str, port: int, limit_s: float) -> dict[str, str]:
    """Each address of the name, and the reason if it cannot be reached."""
    until = asyncio.get_running_loop().time() + limit_s
    found = (await addresses(host, port, until))[:_MOST_ADDRESSES]
    outcomes = await asyncio.gather(*(_try(each, limit_s) for each in found)) if len(found) > 1 else [""]
    return {address.name: why for address, why in zip(found, outcomes, strict=True)}


async def _try(address: SocketAddress, limit_s: float) -> str:
    try:
        async with asyncio.timeout(limit_s):
            (await connect(address)).close()
    except OSError as failure:
        return "" if failure.errno in _NOT_USED_HERE else why_not(failure)
    return ""


def _greeting(machine: InspectedMachine, where: Endpoint, limit_s: float) -> Told:
    """Open a session as the service does, and read its first event."""
    host = f"{urlsplit(where.url).hostname}"
    try:
        with _surroundings(machine):
            return _judged(host, decode_server(asyncio.run(_first_event(where, limit_s))))
    except DialError as said:
        return _refusal(host, said.code, str(said)) if said.step is Step.REFUSAL else _trouble(said)
    except (OSError, WebSocketException) as said:
        sentence = f"{host} does not speak the Realtime protocol ({type(said).__name__})"
        return error("V617", sentence, "check realtime.url, or try again later")


async def _first_event(where: Endpoint, limit_s: float) -> str | bytes:
    async with await dial(where, limit_s) as session:
        return await asyncio.wait_for(session.recv(), limit_s)


def _judged(host: str, event: ServerEvent | UndecodableFrame) -> Told:
    match event:
        case SessionCreated():
            return f"{host} takes the key and the model"
        case Error(error=refused):
            return _refusal(host, 0, refused.reason)
    return error("V617", f"{host} does not speak the Realtime protocol", "check realtime.url")


def _refusal(host: str, status: int, code: str) -> Finding:
    cause = cause_of(status, code)
    if cause is None and status >= 500:
        return warning("V618", f"{host} has a problem of its own (status {status})", "try again later")
    cause = cause or RefusalCause.REQUEST
    number = _REFUSALS.get(cause, _REFUSALS[RefusalCause.REQUEST])
    return error(number, f"{host} {cause.clause} ({code or status})", cause.remedy)


# ---------------------------------------------------------------- the offline brain


def brain(machine: InspectedMachine) -> Iterator[Told]:
    """A brain must be listening, or be able to start."""
    config = machine.config
    if not config.realtime.may_be_offline:
        return
    level = error if config.realtime.server.is_brain else warning
    if config.brain.key_file and (trouble := find_brain_key(config.brain.key_file).trouble):
        yield error("V704", *split(trouble, "; "))
    try:
        where = brain_endpoint(config.brain)
    except AddressError as said:
        yield level("V703", *split(str(said), "; "))
        return
    if (refused := _not_listening(where)) is None:
        yield f"the offline brain listens at {config.brain.address}"
        if config.brain.engine != (engine := on_this_board(config.brain.engine)):
            yield f"brain.engine: {config.brain.engine} is {engine} with the memory that is free now"
        return
    if isinstance(refused, PermissionError):
        yield f"whether the offline brain listens at {where.unix} only root and the group voiced may ask"
        return
    if missing := recognizer(config.brain.engine).missing():
        remedy = "run `apt install voiced-brain`, or `pip install 'voiced[offline]'`"
        yield level("V701", f"brain.engine: {' and '.join(missing)} is not installed", remedy)
    elif machine.unit:
        fix = machine.fix(("systemctl", "enable", "--now", "voiced-brain.socket"))
        yield level("V702", f"the offline brain does not listen at {config.brain.address}", fix.says, fix)


def _not_listening(where: Endpoint) -> OSError | DialError | None:
    try:
        if where.unix:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_LIMIT_S)
                connection.connect(where.unix)
        else:
            asyncio.run(look(where, _LIMIT_S))
    except (OSError, DialError) as refused:
        return refused
    return None
