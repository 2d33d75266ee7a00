"""Reads a server's answer to the handshake: why it refuses, when to try again, and its time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import msgspec

from daemon.network.happy_eyeballs import DialError, Step

if TYPE_CHECKING:
    from websockets.datastructures import Headers
    from websockets.http11 import Response

_LONGEST_S: Final = 86_400.0
_LONGEST_CODE: Final = 80
_ISO: Final = re.compile(r"\d{4}-", re.ASCII)
_REDIRECTS: Final = (300, 301, 302, 303, 307, 308)


def refusal(response: Response) -> DialError:
    """The reason of a refusal: the server's own code, else the HTTP status."""
    reason = _code(response.body or b"") or f"HTTP {response.status_code}"
    return DialError(
        Step.REFUSAL, reason, code=response.status_code, retry_after_s=retry_after_s(response.headers)
    )


def server_s(headers: Headers) -> float | None:
    """The server's clock, seconds since 1970; boards boot with a wrong clock."""
    return _date_s(_first(headers, "Date"))


def brain_engine(headers: Headers) -> str:
    """The engine of our own offline brain; empty if another server answers."""
    name, _, engine = _first(headers, "Server").partition("/")
    return engine[:_LONGEST_CODE] if name == "voiced-brain" else ""


def retry_after_s(headers: Headers, clock: Callable[[], float] = time.time) -> float:
    """How long the server asks us to wait: seconds, or a date by its own clock; else 0."""
    told = _first(headers, "Retry-After").strip()
    if seconds := re.match(r"\d+(?:\.\d*)?(?=\s*(?:,|$))", told, re.ASCII):  # two headers may be joined
        return min(float(seconds[0]), _LONGEST_S)
    until_s = _date_s(told)
    if until_s is None:
        return 0.0
    now_s = server_s(headers)
    return min(max(0.0, until_s - (clock() if now_s is None else now_s)), _LONGEST_S)


def redirect(url: str, response: Response) -> str | None:
    """The target of a redirect, None if it is none."""
    place = _first(response.headers, "Location")
    if not place or response.status_code not in _REDIRECTS:
        return None
    try:
        return urljoin(url, place)
    except ValueError:
        return place


def same_origin(one: str, other: str) -> bool:
    """Whether both addresses have the same origin, port included, so that the key may be sent to both."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())
    except ValueError:
        return False


def _first(headers: Headers, name: str) -> str:
    """The first value: a proxy on the way may have added another."""
    return next(iter(headers.get_all(name)), "")


def _date_s(text: str) -> float | None:
    """A date of HTTP in any of its three forms, or of ISO 8601."""
    try:
        date = datetime.fromisoformat(text) if _ISO.match(text) else parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _code(body: bytes) -> str:
    """The error code in the body of a refused handshake, if there is one."""
    try:
        error = msgspec.json.decode(body)["error"]
        return str(error.get("code") or error.get("type") or "")[:_LONGEST_CODE]
    except (msgspec.DecodeError, UnicodeError, RecursionError, KeyError, TypeError, AttributeError):
        return ""
