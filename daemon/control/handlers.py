"""The verbs of the control socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from daemon.control.pending_requests import PendingRequests
from daemon.control.server import Emit, RequestError
from daemon.core import events as ev
from daemon.realtime.events import Json

ASK_S = 180.0


class Appliance(Protocol):
    """The part of the running service that the verbs use."""

    def happened(self, event: ev.Input) -> None:
        """Step the machine, and carry out its effects."""

    async def status(self) -> Json:
        """Everything that `voiced status` shows."""


class Handlers:
    """Answers requests; a streaming `ask` gets the words of its turn as they come."""

    def __init__(
        self, appliance: Appliance, requests: PendingRequests, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._appliance = appliance
        self._clock = clock
        self._requests = requests
        self._emitters: dict[int, Emit] = {}

    def words(self, request_id: int, who: str, text: str) -> None:
        """Words of the turn that this request began."""
        if emit := self._emitters.get(request_id):
            emit({"event": who, "delta": text})

    async def handle(self, request: Json, emit: Emit) -> Json:
        """Answer one request. Raises RequestError."""
        match request.get("do"):
            case "status":
                return await self._appliance.status()
            case "ask":
                return await self._turn(ev.TextAsked, request, emit if request.get("stream") else None)
            case "say":
                return await self._turn(ev.SayAsked, request)
            case "press" | "release" as verb:
                self._appliance.happened(ev.ButtonEdge(verb == "press", self._clock()))
            case "stop":
                self._appliance.happened(ev.StopAsked())
            case "forget":
                self._appliance.happened(ev.ForgetAsked())
            case verb:
                raise RequestError(f"There is no verb {verb!r}; see voiced --help.")
        return {}

    async def _turn(
        self, asked: type[ev.TextAsked | ev.SayAsked], request: Json, emit: Emit | None = None
    ) -> Json:
        text = _text(request)
        request_id, answer = self._requests.issue()
        if emit:
            self._emitters[request_id] = emit
        self._appliance.happened(asked(text, request_id))
        try:
            return {"turn": await asyncio.wait_for(answer, ASK_S)}
        except TimeoutError:
            raise RequestError("The turn did not end in time; see the log of voiced.") from None
        finally:
            self._emitters.pop(request_id, None)
            self._requests.withdraw(request_id)


def _text(request: Json) -> str:
    text = request.get("text")
    if not isinstance(text, str) or not text.strip():
        raise RequestError(
            'A text is missing; write it behind the verb, such as voiced ask "what time is it".'
        )
    return text.strip()
