"""Turns events into journal records; lasting conditions are logged at start and end only."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from daemon import __version__
from daemon.config.model import Config
from daemon.core.events import LinkState, NewSession
from daemon.network.credentials import keyless
from daemon.realtime.events import Json
from daemon.realtime.prices import Prices, cost_usd
from daemon.realtime.provider_registry import BRAIN
from daemon.telemetry.condition_log import ConditionLog, Later
from daemon.telemetry.journal import RecordKind, write

LATENCIES: Final = {
    "press_to_first_frame_ms": "wire",
    "release_to_commit_ms": "commit",
    "commit_to_first_delta_ms": "answer",
    "first_delta_to_sound_ms": "sound",
}
"""The latencies of a turn, and one word for what each waits for."""
_AS_THEY_ARE: Final = ("source", "interrupted", "trouble", "heard_ms", "xruns")
_TOOL_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ServedBy(NamedTuple):
    """The provider that answers, and its prices."""

    provider: str
    model: str
    prices: Prices | None


def served(config: Config, link: LinkState = "ready", engine: str = "") -> ServedBy:
    """The configured provider, whether it has a key, and the fallback; `engine`: the brain's, once told."""
    realtime = config.realtime
    by_brain = realtime.server.is_brain or keyless(config) or link == "fallback"
    server, model = (BRAIN, engine or config.brain.engine) if by_brain else (realtime.server, realtime.model)
    return ServedBy(server.name, model, server.prices(model, realtime.prices))


class EventLog:
    """Decides on the event loop what is recorded; `conditions` records what lasts or comes often.

    `served(link)` is the provider from the next session on. `later(seconds, call)` is the loop's
    `call_later`.
    """

    def __init__(
        self,
        served: Callable[[LinkState], ServedBy],
        transcripts: bool,
        later: Later,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find_served = served
        self._served = served("ready")
        self._transcripts = transcripts
        self.conditions = ConditionLog(later, clock)
        self._clock = clock
        self._connection = _Connection()
        self._muted = False
        self._key_trouble = ""

    # ------------------------------------------------------------ the service

    def ready(self, start_ms: float) -> None:
        """The service is ready."""
        who: Json = {"provider": self._served.provider, "model": self._served.model}
        write(RecordKind.READY, "ready: the button works", start_ms=start_ms, version=__version__, **who)

    def stopping(self) -> None:
        """Record what has been counted so far, and the end."""
        self.conditions.close()
        write(RecordKind.STOPPING, "stopping")

    # ------------------------------------------------------------ turns

    def turn(self, turn: Json) -> None:
        """A turn is over: its record as `voiced watch` has it."""
        cost = cost_usd(turn["tokens"], self._served.prices)
        tools = " ".join(map(_tool_name, (call["name"] for call in turn["tool_calls"])))
        copied = {name: turn[name] for name in (*LATENCIES, *_AS_THEY_ARE)}
        words: Json = {"heard": turn["heard"], "reply": turn["reply"]} if self._transcripts else {}
        write(
            RecordKind.TURN,
            _turn_line(turn, tools, cost, words),
            turn=turn["number"],
            tools=tools,
            provider=self._served.provider,
            model=self._served.model,
            cost_usd=cost,
            **copied,
            **_token_fields(turn["tokens"]),
            **words,
        )

    def late_tokens(self, tokens: Json) -> None:
        """The tokens of an answer that was cut off, after the end of its turn."""
        cost = cost_usd(tokens, self._served.prices)
        message = f"the answer that was cut off: {_price(tokens, cost)}"
        write(RecordKind.LATE_TOKENS, message, cost_usd=cost, **_token_fields(tokens))

    def alert(self, message: str) -> None:
        """The user was alerted."""
        write(RecordKind.TROUBLE, message)

    def key(self, trouble: str) -> None:
        """The fault of the key, if any: recorded when it has changed."""
        if trouble and trouble != self._key_trouble:
            self.alert(trouble)
        self._key_trouble = trouble

    def tool(self, name: str, took_ms: float, arguments: str, output: str) -> None:
        """A tool was called."""
        ok = not output.startswith("Error: ")
        message = f"tool {_tool_name(name)}: {'done' if ok else 'error'} in {took_ms:.0f} ms"
        words: Json = {"arguments": arguments, "output": output} if self._transcripts else {}
        write(RecordKind.TOOL, message, tool=_tool_name(name), took_ms=took_ms, ok=ok, **words)

    # ------------------------------------------------------------ the connection

    def connection(self, link: LinkState, reason: str) -> None:
        """The state of the connection has changed."""
        if link in ("ready", "fallback"):
            self._served = self._find_served(link)
        self._connection.is_now(link, reason, self._clock())

    def leaving(self, why: NewSession | None) -> None:
        """We close the connection."""
        self._connection.cause = why or self._connection.cause

    def settings(self, message: str) -> None:
        """The server has not taken all settings; recorded once for each connection."""
        write(RecordKind.SETTINGS, message)

    def muted(self, muted: bool) -> None:
        """The microphone was muted or unmuted."""
        if muted != self._muted:
            self._muted = muted
            write(RecordKind.MUTE, "muted" if muted else "no longer muted", muted=muted)


class _Connection:
    """Records when the connection is lost and when it is back, but not the attempts in between."""

    def __init__(self) -> None:
        self.cause: NewSession | str = "start"
        self._recorded: set[str] = set()
        self._lost_at: float | None = None

    def is_now(self, link: LinkState, reason: str, now: float) -> None:
        """Handle a change of state."""
        if link == "ready":
            self._ready(now)
        elif link == "fallback":
            write(RecordKind.FALLBACK, "connection: the offline brain answers meanwhile")
        elif link in ("waiting", "refused"):
            self._lost(link, reason, now)

    def _ready(self, now: float) -> None:
        away_s = None if self._lost_at is None else now - self._lost_at
        renewed = f", a new session (the old one was {self.cause})"
        how = {"start": "", "lost": " again"}.get(self.cause, renewed)
        after = "" if away_s is None else f" after {away_s:.0f} s"
        write(RecordKind.CONNECTED, f"connection: ready{how}{after}", cause=self.cause, away_s=away_s)
        self.cause, self._lost_at = "lost", None
        self._recorded.clear()

    def _lost(self, link: LinkState, reason: str, now: float) -> None:
        """Waiting is recorded once until it ends; refusals with each new reason."""
        what = reason if link == "refused" else link
        if self._lost_at is None:
            self._lost_at = now
        if what not in self._recorded:
            self._recorded.add(what)
            write(RecordKind.DISCONNECTED, f"connection: {reason}", link=link)


def _turn_line(turn: Json, tools: str, cost: float | None, words: Json) -> str:
    how = "interrupted" if turn["interrupted"] else turn["trouble"] or "done"
    figures = " ".join(f"{name}={turn[name]:g}" for name in LATENCIES if turn[name] is not None)
    parts = [how, tools or "no tool", figures, _price(turn["tokens"], cost)]
    said = "".join(f" {name}={text!r}" for name, text in words.items())
    return f"turn {turn['number']} ({turn['source']}): {'; '.join(filter(None, parts))}{said}"


def _price(tokens: Json, cost: float | None) -> str:
    total = sum(count for name, count in tokens.items() if not name.startswith("cached"))
    if not total:
        return ""
    return f"{total} tokens" + (f", {cost:.4f} USD" if cost else "")


def _token_fields(tokens: Json) -> Json:
    return {f"{name}_tokens": count for name, count in tokens.items()}


def _tool_name(name: str) -> str:
    """The name for the record: a model may call tools that do not exist, by any name."""
    return name if _TOOL_NAME.fullmatch(name) else "?"
