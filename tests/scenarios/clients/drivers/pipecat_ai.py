"""pipecat-ai: a pipeline around its OpenAIRealtimeLLMService, with frames in the place of a transport."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import scenes
from loguru import logger
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.workers.runner import WorkerRunner

logger.remove()
RATE_HZ = 24_000


class Listener(FrameProcessor):
    """What comes out of the service."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: asyncio.Queue[Any] = asyncio.Queue()
        self.interruptions = 0

    async def process_frame(self, frame: Any, direction: Any) -> None:
        await super().process_frame(frame, direction)
        self.interruptions += isinstance(frame, InterruptionFrame)
        self.frames.put_nowait(frame)
        await self.push_frame(frame, direction)


class Talk:
    """A running pipeline."""

    def __init__(self, worker: Any, listener: Listener, context: Any) -> None:
        self.worker = worker
        self.listener = listener
        self.context = context

    async def until(self, kind: type) -> Any:
        """The next frame of this kind."""
        while not isinstance(frame := await self.listener.frames.get(), kind):
            pass
        return frame

    async def answer(self, wanted: str) -> str:
        """The words of the next answer with these in it."""
        words: list[str] = []
        while True:
            frame = await self.listener.frames.get()
            if isinstance(frame, TTSTextFrame):
                words.append(frame.text)
            if isinstance(frame, LLMFullResponseEndFrame):
                if wanted in (said := " ".join(words)).lower():
                    return said
                words.clear()

    async def type(self, text: str) -> None:
        """Put a typed message into the context and have it answered."""
        self.context.add_message({"role": "user", "content": text})
        await self.worker.queue_frame(LLMContextFrame(context=self.context))

    async def say(self, sound: bytes) -> None:
        """Speak, faster than in real time."""
        for piece in scenes.pieces(sound, 20 * scenes.PCM_MS):
            await self.worker.queue_frame(InputAudioRawFrame(piece, RATE_HZ, 1))
            await asyncio.sleep(0.005)


async def _set_device(params: Any) -> None:
    await params.result_callback(scenes.switched(**params.arguments))


@contextlib.asynccontextmanager
async def talking(turn_detection: Any, format: Any = None) -> AsyncIterator[Talk]:
    """A pipeline at the brain."""
    properties = events.SessionProperties(
        instructions=scenes.INSTRUCTIONS,
        audio=events.AudioConfiguration(
            input=events.AudioInput(turn_detection=turn_detection, format=format),
            output=events.AudioOutput(format=format),
        ),
    )
    llm = OpenAIRealtimeLLMService(
        api_key=scenes.KEY,
        base_url=scenes.URL,
        settings=OpenAIRealtimeLLMService.Settings(session_properties=properties),
    )
    llm.register_function("set_device", _set_device)
    schema = FunctionSchema(
        name="set_device",
        description=scenes.DESCRIPTION,
        properties=scenes.PARAMETERS["properties"],
        required=scenes.PARAMETERS["required"],
    )
    context = LLMContext(tools=ToolsSchema(standard_tools=[schema]))
    aggregators, listener = LLMContextAggregatorPair(context), Listener()
    pipeline = Pipeline([aggregators.user(), llm, listener, aggregators.assistant()])
    worker = PipelineWorker(pipeline, idle_timeout_secs=None)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    try:
        yield Talk(worker, listener, context)
    finally:
        await worker.cancel()
        await running


async def text() -> None:
    async with talking(False) as talk:
        await talk.type(scenes.QUESTION)
        scenes.check_help(await talk.answer("can say"))


async def push_to_talk() -> None:
    async with talking(False) as talk:
        await talk.type(scenes.QUESTION)
        await talk.answer("can say")
        await talk.say(scenes.speech())
        await talk.worker.queue_frame(UserStoppedSpeakingFrame())
        scenes.check_lamp_is_on(await talk.answer("lamp is on"))


async def voice_and_tool() -> None:
    async with talking(events.TurnDetection()) as talk:
        await talk.type(scenes.QUESTION)
        await talk.answer("can say")
        await talk.say(scenes.speech())
        scenes.check_lamp_is_on(await talk.answer("lamp is on"))


async def interruption() -> str:
    async with talking(events.TurnDetection()) as talk:
        await talk.type(scenes.LONG)
        await talk.until(TTSAudioRawFrame)
        scenes.interrupted()
        await talk.say(scenes.speech())
        scenes.check_lamp_is_on(await talk.answer("lamp is on"))
        assert talk.listener.interruptions, "the service did not notice that somebody spoke"
        return f"{talk.listener.interruptions} interruptions"


async def g711() -> None:
    raise scenes.NotOffered(
        "services/openai/realtime/llm.py, _send_user_audio: sends 24 kHz PCM whatever the session's format"
    )


scenes.play(
    {
        "text": text,
        "push_to_talk": push_to_talk,
        "voice_and_tool": voice_and_tool,
        "interruption": interruption,
        "g711": g711,
    }
)
