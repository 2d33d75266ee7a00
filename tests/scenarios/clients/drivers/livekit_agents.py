"""livekit-agents with its openai plugin: an AgentSession with a microphone and a speaker, and no room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import scenes
from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool
from livekit.agents.voice import io
from livekit.plugins.openai.realtime import RealtimeModel
from openai.types.realtime.realtime_audio_input_turn_detection import ServerVad

logging.getLogger("livekit").setLevel(logging.CRITICAL)
RATE_HZ, FRAME = 24_000, 480


class House(Agent):
    """An agent with one tool."""

    def __init__(self) -> None:
        super().__init__(instructions=scenes.INSTRUCTIONS)

    @function_tool(raw_schema={key: value for key, value in scenes.TOOL.items() if key != "type"})
    async def set_device(self, raw_arguments: dict[str, Any]) -> str:
        """Switch a device on or off."""
        return scenes.switched(**raw_arguments)


class Microphone(io.AudioInput):
    """Gives what was said, and silence, in real time."""

    def __init__(self) -> None:
        super().__init__(label="microphone")
        self._pieces: list[bytes] = []
        self.said = asyncio.Event()

    def say(self, sound: bytes) -> None:
        """Speak from now on; `said` is set when all of it is."""
        self._pieces = scenes.pieces(sound, 2 * FRAME)

    async def __anext__(self) -> rtc.AudioFrame:
        await asyncio.sleep(FRAME / RATE_HZ)
        piece = self._pieces.pop(0) if self._pieces else b""
        if piece and not self._pieces:
            self.said.set()
        return rtc.AudioFrame(piece.ljust(2 * FRAME, b"\x00"), RATE_HZ, 1, FRAME)


class Speaker(io.AudioOutput):
    """Plays in real time, into nothing."""

    def __init__(self) -> None:
        super().__init__(
            label="speaker",
            capabilities=io.AudioOutputCapabilities(pause=False),
            sample_rate=RATE_HZ,
        )
        self.playing_s = 0.0
        self.heard = asyncio.Event()
        self._end: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self.heard.is_set():
            self.on_playback_started(created_at=asyncio.get_running_loop().time())
        self.heard.set()
        self.playing_s += frame.duration

    def flush(self) -> None:
        super().flush()
        self._end = asyncio.get_running_loop().call_later(self.playing_s, self._finish, False)

    def clear_buffer(self) -> None:
        if self._end:
            self._end.cancel()
        if self.playing_s:
            self._finish(True)

    def _finish(self, interrupted: bool) -> None:
        position, self.playing_s = (0.1 if interrupted else self.playing_s), 0.0
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


class Talk:
    """A running session, and what was said in it."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.items: asyncio.Queue[Any] = asyncio.Queue()
        session.on("conversation_item_added", lambda event: self.items.put_nowait(event.item))
        session.on("error", lambda event: self.items.put_nowait(str(event.error)))

    async def answer(self, wanted: str) -> Any:
        """The next answer with these words in it."""
        while True:
            item = await self.items.get()
            if isinstance(item, str):
                raise AssertionError(item)
            if (
                item.type == "message"
                and item.role == "assistant"
                and wanted in (item.text_content or "").lower()
            ):
                return item


@contextlib.asynccontextmanager
async def talking(turn_detection: Any = None) -> AsyncIterator[Talk]:
    """A session at the brain."""
    async with aiohttp.ClientSession() as http:
        model = RealtimeModel(
            base_url=scenes.URL.removesuffix("/realtime"),
            api_key=scenes.KEY,
            turn_detection=turn_detection,
            http_session=http,
        )
        session: Any = AgentSession(llm=model, vad=None, aec_warmup_duration=None)
        session.input.audio, session.output.audio = Microphone(), Speaker()
        talk = Talk(session)
        await session.start(House(), record=False)
        yield talk
        await session.aclose()


async def text() -> None:
    async with talking() as talk:
        talk.session.generate_reply(user_input=scenes.QUESTION)
        scenes.check_help((await talk.answer("can say")).text_content)


async def push_to_talk() -> None:
    async with talking() as talk:
        talk.session.input.audio.say(scenes.speech())
        await talk.session.input.audio.said.wait()
        talk.session.commit_user_turn()
        scenes.check_lamp_is_on((await talk.answer("lamp")).text_content)


async def voice_and_tool() -> None:
    async with talking(ServerVad(**scenes.VAD)) as talk:
        talk.session.input.audio.say(scenes.speech())
        scenes.check_lamp_is_on((await talk.answer("lamp")).text_content)


async def interruption() -> None:
    async with talking(ServerVad(**scenes.VAD)) as talk:
        talk.session.generate_reply(user_input=scenes.LONG)
        await talk.session.output.audio.heard.wait()
        scenes.interrupted()
        talk.session.input.audio.say(scenes.speech())
        cut = await talk.answer("")
        assert cut.interrupted, "the session did not notice that somebody spoke"
        scenes.check_lamp_is_on((await talk.answer("lamp is on")).text_content)


async def g711() -> None:
    raise scenes.NotOffered("llm/_realtime/openai.py: SAMPLE_RATE = 24000, no format in any setting")


scenes.play(
    {
        "text": text,
        "push_to_talk": push_to_talk,
        "voice_and_tool": voice_and_tool,
        "interruption": interruption,
        "g711": g711,
    }
)
