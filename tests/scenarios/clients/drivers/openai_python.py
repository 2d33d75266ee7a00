"""The official Python package, asynchronous."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import scenes
from openai import AsyncOpenAI


class Session:
    """A connection that is configured, and what came by it."""

    def __init__(self, connection: Any) -> None:
        self.wire = connection
        self.sound = b""

    async def until(self, *names: str) -> Any:
        """The next event of one of these types."""
        async for event in self.wire:
            assert event.type != "error", event.error.message
            if event.type == "response.output_audio.delta":
                self.sound += base64.b64decode(event.delta)
            if event.type in names:
                return event
        raise AssertionError("the connection ended")

    async def answer(self) -> Any:
        """The next finished response."""
        return (await self.until("response.done")).response

    async def say(self, sound: bytes, piece_bytes: int = 4800) -> None:
        """Speak."""
        for piece in scenes.pieces(sound, piece_bytes):
            await self.wire.input_audio_buffer.append(audio=base64.b64encode(piece).decode())

    async def type(self, text: str) -> None:
        """Put a typed message into the conversation and ask for an answer."""
        content = [{"type": "input_text", "text": text}]
        await self.wire.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await self.wire.response.create()

    async def call_tools(self, response: Any) -> None:
        """Run what a response calls, and ask for an answer."""
        for call in response.output:
            output = scenes.switched(**json.loads(call.arguments))
            item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
            await self.wire.conversation.item.create(item=item)
        await self.wire.response.create()

    async def run_tool(self, response: Any) -> Any:
        """The finished response to what a response calls."""
        await self.call_tools(response)
        return await self.answer()


@contextlib.asynccontextmanager
async def session(turn_detection: Any = None, kind: str = "audio/pcm") -> AsyncIterator[Session]:
    """Connect and configure."""
    audio = {
        "input": {"turn_detection": turn_detection, "format": {"type": kind}},
        "output": {"format": {"type": kind}},
    }
    if kind == "audio/pcm":
        for way in audio.values():
            way["format"]["rate"] = 24000
    client = AsyncOpenAI(api_key=scenes.KEY, websocket_base_url=scenes.URL.removesuffix("/realtime"))
    async with client, client.realtime.connect(model="gpt-realtime") as connection:
        talk = Session(connection)
        await talk.until("session.created")
        settings: Any = {
            "type": "realtime",
            "instructions": scenes.INSTRUCTIONS,
            "tools": [scenes.TOOL],
            "audio": audio,
        }
        await connection.session.update(session=settings)
        await talk.until("session.updated")
        yield talk


def spoken(response: Any) -> str:
    """The words of a response."""
    return " ".join(part.transcript or part.text or "" for item in response.output for part in item.content)


async def text() -> None:
    async with session() as talk:
        await talk.type(scenes.QUESTION)
        scenes.check_help(spoken(await talk.answer()))


async def push_to_talk() -> None:
    async with session() as talk:
        await talk.say(scenes.speech())
        await talk.wire.input_audio_buffer.commit()
        await talk.wire.response.create()
        scenes.check_lamp_is_on(spoken(await talk.run_tool(await talk.answer())))


async def voice_and_tool() -> None:
    async with session(scenes.VAD) as talk:
        await talk.say(scenes.speech())
        scenes.check_lamp_is_on(spoken(await talk.run_tool(await talk.answer())))


async def interruption() -> None:
    async with session(scenes.VAD) as talk:
        await talk.type(scenes.LONG)
        await talk.call_tools(await talk.answer())
        delta = await talk.until("response.output_audio.delta")
        scenes.interrupted()
        await talk.say(scenes.speech())
        done = await talk.answer()
        assert (done.status, done.status_details.reason) == ("cancelled", "turn_detected")
        await talk.wire.conversation.item.truncate(item_id=delta.item_id, content_index=0, audio_end_ms=50)
        await talk.until("conversation.item.truncated")
        scenes.check_lamp_is_on(spoken(await talk.run_tool(await talk.answer())))


async def g711() -> str:
    for kind, law in (("audio/pcmu", "ulaw"), ("audio/pcma", "alaw")):
        scenes.runs.clear()
        async with session(scenes.VAD, kind) as talk:
            await talk.say(scenes.speech(law), 800)
            talk.sound = b""
            response = await talk.run_tool(await talk.answer())
            scenes.check_lamp_is_on(spoken(response))
            assert 300 < len(talk.sound) / scenes.G711_MS < 5000, f"{len(talk.sound)} bytes"
    return "both laws"


scenes.play(
    {
        "text": text,
        "push_to_talk": push_to_talk,
        "voice_and_tool": voice_and_tool,
        "interruption": interruption,
        "g711": g711,
    }
)
