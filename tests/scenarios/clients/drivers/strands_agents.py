"""strands-agents: its bidirectional agent; the service's address is a constant there, and is replaced."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import scenes
from strands import tool
from strands.bidi.agent.agent import BidiAgent
from strands.bidi.models.openai import realtime
from strands.bidi.types.content import AudioDelta

realtime.OPENAI_REALTIME_URL = scenes.URL


@tool(name="set_device", description=scenes.DESCRIPTION, inputSchema={"json": scenes.PARAMETERS})
def set_device(device: str, state: str) -> str:
    """Switch a device on or off."""
    return scenes.switched(device, state)


class Talk:
    """A running agent; its events as they come."""

    def __init__(self, agent: Any) -> None:
        self.agent = agent
        self.events = agent.receive()
        self.barge_ins = 0

    async def until(self, name: str) -> Any:
        """The next event of this type."""
        async for event in self.events:
            self.barge_ins += event.get("type") == "bidi_barge_in"
            if event.get("type") == name:
                return event
        raise AssertionError("the agent stopped")

    async def answer(self) -> str:
        """The next thing that the assistant has said."""
        while True:
            event = await self.until("bidi_transcript_block")
            if event["role"] == "assistant":
                return str(event["transcript"])

    async def say(self, sound: bytes) -> None:
        """Speak, faster than in real time."""
        for piece in scenes.pieces(sound, 40 * scenes.PCM_MS):
            await self.agent.send(AudioDelta(format="pcm", source={"bytes": piece}))
            await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    """An agent at the brain."""
    detection = {"audio": {"input": {"turn_detection": scenes.VAD}}}
    model = realtime.OpenAIRealtimeModel(
        model_id="gpt-realtime", transcription_model_id="whisper-1", api_key=scenes.KEY, params=detection
    )
    agent: Any = BidiAgent(model=model, tools=[set_device], system_prompt=scenes.INSTRUCTIONS)
    await agent.start()
    try:
        yield Talk(agent)
    finally:
        await agent.stop()


async def text() -> None:
    async with talking() as talk:
        await talk.agent.send(scenes.QUESTION)
        scenes.check_help(await talk.answer())


async def push_to_talk() -> None:
    raise scenes.NotOffered("bidi/models/openai/realtime.py, _build_session_config: requires turn detection")


async def voice_and_tool() -> None:
    async with talking() as talk:
        await talk.say(scenes.speech())
        scenes.check_lamp_is_on(await talk.answer())


async def interruption() -> str:
    async with talking() as talk:
        await talk.agent.send(scenes.LONG)
        delta = await talk.until("bidi_audio_delta")
        assert base64.b64decode(delta["audio"])
        scenes.interrupted()
        await talk.say(scenes.speech())
        while "lamp is on" not in (answer := await talk.answer()):
            pass
        scenes.check_lamp_is_on(answer)
        assert talk.barge_ins, "the agent did not notice that somebody spoke"
        return f"{talk.barge_ins} barge-ins"


async def g711() -> None:
    raise scenes.NotOffered("bidi/models/openai/realtime.py, _resolve_audio_config: expects audio/pcm")


scenes.play(
    {
        "text": text,
        "push_to_talk": push_to_talk,
        "voice_and_tool": voice_and_tool,
        "interruption": interruption,
        "g711": g711,
    }
)
