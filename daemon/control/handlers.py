"""What the control socket's verbs do."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from daemon import __version__
from daemon.control.server import Emit, RequestError
from daemon.core import events as ev
from daemon.realtime.events import Json

if TYPE_CHECKING:
    from daemon.service.appliance import App

ASK_S = 180.0


class Desk:
    """Answers requests; a streaming `ask` gets the words of its turn as they come."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._listeners: dict[int, Emit] = {}

    def words(self, ticket: int, who: str, text: str) -> None:
        """Words of the turn with this ticket."""
        if emit := self._listeners.get(ticket):
            emit({"event": who, "delta": text})

    async def handle(self, request: Json, emit: Emit) -> Json:
        """Answer one request. Raises RequestError."""
        match request.get("do"):
            case "status":
                return await self._status()
            case "press":
                self._app.happened(ev.Edge(True, time.monotonic()))
            case "release":
                self._app.happened(ev.Edge(False, time.monotonic()))
            case "ask":
                return await self._ask(request, emit)
            case "say":
                text = _text(request)
                ticket, answer = self._app.tickets.issue()
                return await self._turn(ev.SayAsked(text, ticket), ticket, answer)
            case "stop":
                self._app.happened(ev.StopAsked())
            case "forget":
                self._app.forget()
            case verb:
                raise RequestError(f"There is no verb {verb!r}; see voiced --help.")
        return {}

    async def _status(self) -> Json:
        app = self._app
        return {
            "version": __version__,
            "pid": os.getpid(),
            "state": app.machine.state,
            "link": app.machine.link,
            "devices": await app.readings(),
            "volume": app.volume,
            "muted": app.machine.muted,
            "microphone_peak": app.microphone_peaks[-1] if app.microphone_peaks else None,
            "microphone_peaks": app.microphone_peaks,
            "xruns": app.xruns,
            "faults": app.faults() | app.refused(),
            "left_out": app.machine.left_out,
            "tools": app.extensions.status(),
            **app.process.figures(),
        }

    async def _ask(self, request: Json, emit: Emit) -> Json:
        text = _text(request)
        ticket, answer = self._app.tickets.issue()
        if request.get("stream"):
            self._listeners[ticket] = emit
        return await self._turn(ev.TextAsked(text, ticket), ticket, answer)

    async def _turn(self, event: ev.Input, ticket: int, answer: asyncio.Future[Json]) -> Json:
        self._app.happened(event)
        try:
            return {"turn": await asyncio.wait_for(answer, ASK_S)}
        except TimeoutError:
            raise RequestError("The turn did not end in time; see the log of voiced.") from None
        finally:
            self._listeners.pop(ticket, None)
            self._app.tickets.withdraw(ticket)


def _text(request: Json) -> str:
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise RequestError(
            'A text is missing; write it behind the verb, such as voiced ask "what time is it".'
        )
    return text.strip()
