"""A client's side of a session without a socket, and the log of it for the oracle."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.session import Session
from daemon.brain.server.settings import ClientSettings
from daemon.realtime.codec import encode
from daemon.realtime.events import RATE_HZ, Json, ServerEvent
from tests.brain.scripted import LAMP_AND_FAN, ScriptedEar, ToneVoice
from tests.realtime.oracle import violations

PATIENCE_S = 10.0
SECOND_OF_SILENCE = base64.b64encode(bytes(2 * RATE_HZ)).decode()

Test = Callable[..., Coroutine[Any, Any, None]]


def asynchronous(test: Test) -> Callable[..., None]:
    """Run a test in a loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 4 * PATIENCE_S))

    return run


class Talk:
    """What was sent and received. Use `talking`, which lets the oracle judge it in the end."""

    def __init__(self, ear: ScriptedEar, max_session_s: float = 3600, engines: Engines | None = None) -> None:
        self.log: list[str] = []
        self.events: list[Json] = []
        self._read = 0
        self._news = asyncio.Event()
        self._engines = engines or Engines(lambda: ear, ToneVoice)
        self.session = Session(
            self._engines, self._take, self._wait_for_space, ClientSettings(), max_session_s
        )

    def _take(self, event: ServerEvent) -> None:
        event.event_id = f"event_{len(self.events)}"
        told = json.loads(encode(event))
        self.events.append(told)
        self.log.append(json.dumps({"dir": "server", "event": told}))
        self._news.set()

    async def _wait_for_space(self) -> None:
        await asyncio.sleep(0)

    def send(self, name: str, **fields: Any) -> list[Json]:
        """Send an event; what the server says to it at once."""
        before = len(self.events)
        self.session.handle(json.dumps({"type": name, **fields}))
        return self.events[before:]

    def refusal(self, name: str, **fields: Any) -> Json:
        """Send an event that is refused; the error."""
        (answer,) = self.send(name, event_id="mine", **fields)
        assert answer["type"] == "error"
        error: Json = answer["error"]
        assert error["type"] == "invalid_request_error"
        assert error["event_id"] == "mine"
        return error

    async def until(self, name: str) -> Json:
        """The next event of this type after those that were waited for already."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._read < len(self.events):
                    self._read += 1
                    if self.events[self._read - 1]["type"] == name:
                        return self.events[self._read - 1]
                self._news.clear()
                await self._news.wait()

    def configure(self, tools: list[Json] = LAMP_AND_FAN, **session: Any) -> None:
        """The session of a push button: no voice detection."""
        audio = {"input": {"turn_detection": None}}
        (updated,) = self.send(
            "session.update", session={"type": "realtime", "tools": tools, "audio": audio, **session}
        )
        assert updated["type"] == "session.updated"

    async def say(self, **response: Any) -> Json:
        """Speak a second of anything and have it answered; the finished response."""
        self.send("input_audio_buffer.append", audio=SECOND_OF_SILENCE)
        self.send("input_audio_buffer.commit")
        return await self.answer(**response)

    async def type(self, text: str, **response: Any) -> Json:
        """Type something and have it answered; the finished response."""
        content = [{"type": "input_text", "text": text}]
        self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        return await self.answer(**response)

    async def answer(self, **response: Any) -> Json:
        """Have the conversation answered; the finished response."""
        self.send("response.create", response=response)
        done: Json = (await self.until("response.done"))["response"]
        return done

    async def tell(self, calls: Json, *outputs: str) -> str:
        """Give the outputs of a response's calls; what is said to them."""
        for call, output in zip(calls["output"], outputs, strict=True):
            item = {"type": "function_call_output", "call_id": call["call_id"], "output": output}
            self.send("conversation.item.create", item=item)
        return words(await self.answer())

    def close(self) -> None:
        """Hang up."""
        self.session.close()
        self._engines.close()

    def names(self) -> list[str]:
        """The types of all events so far."""
        return [str(event["type"]) for event in self.events]


def words(response: Json) -> str:
    """What a response says."""
    parts = [part for item in response["output"] for part in item.get("content", [])]
    return " ".join(part.get("transcript") or part.get("text") or "" for part in parts)


def calls(response: Json) -> list[tuple[str, Json]]:
    """What a response calls."""
    made = [item for item in response["output"] if item["type"] == "function_call"]
    return [(item["name"], json.loads(item["arguments"])) for item in made]


@contextlib.asynccontextmanager
async def talking(
    *script: Any, max_session_s: float = 3600, ear: ScriptedEar | None = None
) -> AsyncIterator[Talk]:
    """A session with a scripted ear; in the end everything it said must pass the oracle."""
    talk = Talk(ear or ScriptedEar(script), max_session_s)
    try:
        yield talk
    finally:
        talk.close()
    broken = violations(talk.log)
    assert not [finding for finding in broken if finding.event != "-"], broken
