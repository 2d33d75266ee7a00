"""What the control socket's verbs do."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from daemon.control import Emit, RequestError
from daemon.core import events as ev
from daemon.protocol import Json

if TYPE_CHECKING:
    from daemon.app import App

ASK_S = 180.0


class Desk:
    """Answers requests; a streaming `ask` gets the words of its turn as they come."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._listeners: list[Emit] = []

    def words(self, who: str, text: str) -> None:
        """Words of the present turn."""
        for emit in self._listeners:
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
                ticket, answer = self._app.ticket()
                return await self._turn(ev.SayAsked(_text(request), ticket), answer)
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
            "state": app.machine.state,
            "link": app.machine.link,
            "devices": await app.readings(),
            "volume": app.volume,
            "muted": app.machine.muted,
            "xruns": app.xruns,
            "faults": app.faults(),
            **app.process.figures(),
        }

    async def _ask(self, request: Json, emit: Emit) -> Json:
        ticket, answer = self._app.ticket()
        streaming = bool(request.get("stream"))
        if streaming:
            self._listeners.append(emit)
        try:
            return await self._turn(ev.TextAsked(_text(request), ticket), answer)
        finally:
            if streaming:
                self._listeners.remove(emit)

    async def _turn(self, event: ev.Input, answer: asyncio.Future[Json]) -> Json:
        self._app.happened(event)
        try:
            return {"turn": await asyncio.wait_for(answer, ASK_S)}
        except TimeoutError:
            raise RequestError("The turn did not end in time; see the log of voiced.") from None


def _text(request: Json) -> str:
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise RequestError(
            'A text is missing; write it behind the verb, such as voiced ask "what time is it".'
        )
    return text.strip()
