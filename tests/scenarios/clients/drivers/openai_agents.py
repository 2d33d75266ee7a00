"""openai-agents for Python: its RealtimeSession, with a tool of its own and its default model."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import scenes
from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner
from agents.realtime.model_inputs import RealtimeModelSendRawMessage

A_RACE = "conversation_already_has_active_response"
"""It asks for an answer after each tool's output, and the voice detection may have asked first."""


@function_tool
def set_device(device: str, state: str) -> str:
    """Switch a device on or off."""
    return scenes.switched(device, state)


set_device.params_json_schema = scenes.PARAMETERS


class Talk:
    """A running session; its events as they come."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.interruptions = 0
        self.sound_bytes = 0

    async def response(self) -> str:
        """The words of the next finished response that has some; the session runs the tools by itself."""
        async for event in self.session:
            if event.type == "error" and getattr(event.error, "code", "") != A_RACE:
                raise AssertionError(event.error)
            if event.type == "audio_interrupted":
                self.interruptions += 1
            if event.type == "audio":
                self.sound_bytes += len(event.audio.data)
            raw = event.data.data if event.type == "raw_model_event" and hasattr(event.data, "data") else {}
            if isinstance(raw, dict) and raw.get("type") == "response.done":
                words = _words(raw["response"])
                if words and raw["response"]["status"] == "completed":
                    return words
        raise AssertionError("the session ended")

    async def first_sound(self) -> None:
        """Wait until the answer begins to be heard."""
        async for event in self.session:
            if event.type == "audio":
                return

    async def say(self, sound: bytes, piece_bytes: int = 4800, commit: bool = False) -> None:
        """Speak."""
        for piece in scenes.pieces(sound, piece_bytes):
            await self.session.send_audio(piece)
        if commit:
            await self.session.send_audio(b"\x00\x00", commit=True)
            await self.session.model.send_event(
                RealtimeModelSendRawMessage(message={"type": "response.create"})
            )


def _words(response: Any) -> str:
    parts = [part for item in response["output"] for part in item.get("content") or []]
    return " ".join(part.get("transcript") or part.get("text") or "" for part in parts).strip()


@contextlib.asynccontextmanager
async def talking(
    turn_detection: Any = None, format: str = "pcm16", url: str = scenes.URL
) -> AsyncIterator[Talk]:
    """A session at the brain."""
    agent: Any = RealtimeAgent(name="house", instructions=scenes.INSTRUCTIONS, tools=[set_device])
    audio = {
        "input": {"format": format, "turn_detection": turn_detection},
        "output": {"format": format},
    }
    model: Any = {"url": url, "api_key": scenes.KEY, "initial_model_settings": {"audio": audio}}
    async with await RealtimeRunner(agent).run(model_config=model) as session:
        yield Talk(session)


async def text() -> None:
    async with talking() as talk:
        await talk.session.send_message(scenes.QUESTION)
        scenes.check_help(await talk.response())


async def push_to_talk() -> None:
    async with talking() as talk:
        await talk.say(scenes.speech(), commit=True)
        scenes.check_lamp_is_on(await talk.response())


async def voice_and_tool() -> None:
    async with talking(scenes.VAD) as talk:
        await talk.say(scenes.speech())
        scenes.check_lamp_is_on(await talk.response())


async def interruption() -> str:
    async with talking(scenes.VAD) as talk:
        await talk.session.send_message(scenes.LONG)
        await talk.first_sound()
        scenes.interrupted()
        await talk.say(scenes.speech())
        while "lamp is on" not in (words := await talk.response()):
            pass
        scenes.check_lamp_is_on(words)
        assert talk.interruptions, "the session did not notice that somebody spoke"
        return f"{talk.interruptions} interruptions"


async def g711() -> str:
    for format, law in (("g711_ulaw", "ulaw"), ("g711_alaw", "alaw")):
        scenes.runs.clear()
        async with talking(scenes.VAD, format) as talk:
            await talk.say(scenes.speech(law), 800)
            scenes.check_lamp_is_on(await talk.response())
            assert 300 < talk.sound_bytes / scenes.G711_MS < 5000, f"{talk.sound_bytes} bytes"
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
