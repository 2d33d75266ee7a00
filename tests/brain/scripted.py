"""A brain whose hearing is scripted and whose voice is a tone: a peer for tests that needs no model."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from daemon.brain.asr.recognizer import Mono16k, Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.grammar_cache import Threads
from daemon.brain.server.server import MAX_SESSION_S, Brain, serve
from daemon.brain.tts.synthesizer import Mono24k, Synthesizer
from daemon.realtime.events import RATE_HZ, Json

TONE_HZ = 440
TONE_MS_PER_CHARACTER = 50


class ScriptedEar:
    """Hears what the script says, one entry per utterance, whatever the sound; then silence.

    A string is recognised for sure where the session's grammar understands it, and is refused otherwise.
    """

    def __init__(self, script: Iterable[str | Recognition] = ()) -> None:
        self._script = list(script)
        self.utterances_s: list[float] = []

    def prepare(self, grammar: Grammar) -> None:
        pass

    def recognize(self, samples: Mono16k, grammar: Grammar, pending: Meaning | None) -> Recognition:
        self.utterances_s.append(len(samples) / 16_000)
        said = self._script.pop(0) if self._script else ""
        if isinstance(said, Recognition):
            return said
        meaning = grammar.understand(said) if said else None
        return Recognition(said, meaning, "sure" if meaning else "refuse")


class ToneVoice:
    """Says every sentence as a tone whose length goes by its characters."""

    def speak(self, sentence: str, speed: float) -> Mono24k:
        frames = int(len(sentence) * TONE_MS_PER_CHARACTER * RATE_HZ / 1000 / speed)
        angle = np.arange(frames, dtype=np.float32) * np.float32(2 * np.pi * TONE_HZ / RATE_HZ)
        tone: Mono24k = np.float32(0.3) * np.sin(angle)
        return tone


@contextlib.asynccontextmanager
async def serving(
    ear: ScriptedEar,
    voice: Callable[[], Synthesizer] = ToneVoice,
    listen: str = "127.0.0.1:0",
    max_session_s: float = MAX_SESSION_S,
    threads: Threads = ThreadPoolExecutor,
) -> AsyncIterator[str]:
    """Serve with this ear inside the block; gives the URL (`unix:PATH` where it listens there)."""
    async with serve(listen, Brain(Engines(lambda: ear, voice, threads), max_session_s)) as url:
        yield url


def tool(name: str, **properties: Json) -> Json:
    """A function tool as `session.update` carries it; every parameter is required."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "function", "name": name, "description": "", "parameters": parameters}


LAMP_AND_FAN = [
    tool(
        "set_device",
        device={"type": "string", "enum": ["lamp", "fan"]},
        state={"type": "string", "enum": ["on", "off", "toggle"]},
    ),
    tool("current_time"),
]
