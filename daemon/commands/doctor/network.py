"""The other end: its name, the way there, its certificate, the key and the model; and the offline brain."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from daemon.commands.doctor.finding import Finding, Told, error, warning
from daemon.commands.doctor.machine import Machine
from daemon.providers import Endpoint, brain_endpoint, cloud_endpoint

_LIMIT_S: Final = 5.0
_GREETING_S: Final = 10.0
_ENGINES: Final = {"small": ("hama",), "both": ("hama", "moonshine_voice")}
_PORTS: Final = {"ws": 80, "wss": 443}
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_CLOCK_ERRORS: Final = (9, 10)
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

_REFUSALS: Final[dict[str, tuple[str, str, str]]] = {
    "400": ("V615", "does not like the request", "check realtime.url and realtime.model"),
    "401": ("V611", "refuses the key", "store a valid one with `voiced setup`"),
    "403": (
        "V612",
        "does not let this key use the model",
        "give the project access to it, check organization, project and country, or name another model",
    ),
    "404": ("V613", "does not know the address or the model", "check realtime.model and realtime.url"),
    "429": (
        "V614",
        "says that there were too many requests",
        "wait some minutes; see who else uses this key",
    ),
    "quota": ("V616", "says that the quota is used up", "add credit, or raise the limit of the account"),
}
_MEANINGS: Final = {
    "invalid_api_key": "401",
    "account_deactivated": "403",
    "model_not_found": "404",
    "rate_limit_exceeded": "429",
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
}
"""Codes of the server's own errors, which say more than a status does."""


def way(machine: Machine) -> Iterator[Told]:
    """Name, network and certificate of the cloud."""
    if (where := _cloud(machine)) is None:
        return
    parts = urlsplit(where.url)
    if parts.scheme == "ws" and where.headers and parts.hostname not in _LOCAL:
        yield warning(
            "V601", "realtime.url: ws:// shows the key to everyone on the way", "write wss:// instead"
        )
    trouble = _trouble_on_the_way(parts)
    yield trouble or f"{parts.hostname} can be reached"


def answer(machine: Machine) -> Iterator[Told]:
    """Key, model and quota: a session is opened, nothing is asked in it, nothing is paid."""
    if (where := _cloud(machine)) is None:
        yield "the offline brain answers: no network is needed"
        return
    if machine.status and machine.status.get("link") == "ready":
        yield "the running service is connected"
        return
    if machine.key is None and machine.config.realtime.provider != "custom":
        return
    if _trouble_on_the_way(urlsplit(where.url)) is None:
        yield _greeting(where)


def _cloud(machine: Machine) -> Endpoint | None:
    realtime = machine.config.realtime
    return None if realtime.provider == "offline" else cloud_endpoint(realtime, machine.key)


def _trouble_on_the_way(parts: SplitResult) -> Finding | None:
    """Try as far as TLS."""
    host = parts.hostname or ""
    try:
        connect(parts)
    except socket.gaierror as said:
        return error(
            "V602",
            f"realtime.url: the name {host} cannot be found ({said.strerror})",
            "check that name, the network, and the servers in /etc/resolv.conf",
        )
    except ssl.SSLCertVerificationError as said:
        if said.verify_code in _CLOCK_ERRORS:
            sentence = f"the certificate of {host} is not valid at this time ({said.verify_message})"
            return error("V603", sentence, "set the clock; if it is right, the server's owner must act")
        return error(
            "V604",
            f"the certificate of {host} is not trusted ({said.verify_message})",
            "check realtime.url, and run `apt install --reinstall ca-certificates`",
        )
    except ssl.SSLError as said:
        sentence = f"realtime.url: {host} gives no secure connection ({said.reason})"
        return error("V605", sentence, "check the URL and its port")
    except OSError as said:
        sentence = f"realtime.url: {host} cannot be reached ({_reason(said)})"
        return error("V606", sentence, "check the URL and the network")
    return None


def connect(parts: SplitResult) -> None:
    """Open the connection as far as TLS, and close it. Raises OSError."""
    address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
    with socket.create_connection(address, _LIMIT_S) as connection:
        if parts.scheme == "wss":
            ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname).close()


def _reason(said: OSError) -> str:
    return "no answer in time" if isinstance(said, TimeoutError) else said.strerror or str(said)


def _greeting(where: Endpoint) -> Told:
    """Open a session and read its first event."""
    from websockets.exceptions import InvalidStatus, WebSocketException

    host = urlsplit(where.url).hostname
    try:
        return _judged(f"{host}", json.loads(asyncio.run(_first_event(where))))
    except InvalidStatus as refused:
        response = refused.response
        return _refusal(f"{host}", response.status_code, _error_code(response.body))
    except (OSError, WebSocketException, ValueError) as said:
        sentence = f"{host} does not speak the Realtime protocol ({type(said).__name__})"
        return error("V617", sentence, "check realtime.url, or try again later")


async def _first_event(where: Endpoint) -> str | bytes:
    """On one thread: TLS of two threads at once may lose what comes in."""
    from websockets.asyncio.client import connect as open_session

    async with open_session(where.url, additional_headers=where.headers, open_timeout=_GREETING_S) as session:
        return await asyncio.wait_for(session.recv(), _GREETING_S)


def _judged(host: str, event: Any) -> Told:
    match event:
        case {"type": "session.created"}:
            return f"{host} takes the key and the model"
        case {"type": "error", "error": {"code": str(code)}}:
            return _refusal(host, 400, code)
    return error("V617", f"{host} does not speak the Realtime protocol", "check realtime.url")


def _refusal(host: str, status: int, code: str) -> Finding:
    if status >= 500:
        return warning("V618", f"{host} has trouble of its own (status {status})", "try again later")
    refusal = _REFUSALS.get(_MEANINGS.get(code, str(status)), _REFUSALS["400"])
    number, sentence, remedy = refusal
    return error(number, f"{host} {sentence} ({code or status})", remedy)


def _error_code(body: bytes | None) -> str:
    """The code in the body of a refusal, if it has one."""
    try:
        told = json.loads(body or b"{}")["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return ""
    return told if isinstance(told, str) else ""


# ---------------------------------------------------------------- the offline brain


def brain(machine: Machine) -> Iterator[Told]:
    """A brain that listens is fine; else it must be possible to start one."""
    config = machine.config
    if "offline" not in (config.realtime.provider, config.realtime.fallback):
        return
    where = brain_endpoint(config.brain)
    if (refused := _not_listening(where)) is None:
        yield f"the offline brain listens at {config.brain.address}"
        return
    if isinstance(refused, PermissionError):
        yield f"whether the offline brain listens at {where.unix} only root and the group voiced may ask"
        return
    level = error if config.realtime.provider == "offline" else warning
    missing = [name for name in _ENGINES[config.brain.engine] if importlib.util.find_spec(name) is None]
    if missing:
        remedy = "run `apt install voiced-brain`, or `pip install 'voiced[offline]'`"
        yield level("V701", f"brain.engine: {' and '.join(missing)} is not installed", remedy)
    elif machine.unit:
        fix = machine.fix(("systemctl", "enable", "--now", "voiced-brain.socket"))
        yield level("V702", f"the offline brain does not listen at {config.brain.address}", fix.says, fix)


def _not_listening(where: Endpoint) -> OSError | None:
    try:
        if where.unix:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_LIMIT_S)
                connection.connect(str(Path(where.unix)))
        else:
            connect(urlsplit(where.url))
    except OSError as refused:
        return refused
    return None
