"""The recogniser and the synthesiser of the server, loaded in the background, each on its own thread.

All sessions share them; each runs on one thread, so no engine need be thread safe.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from daemon.audio.resampler import Resampler
from daemon.brain import heap
from daemon.brain.asr.preprocessing import clean
from daemon.brain.asr.recognizer import Recognition, Recognizer
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server.formats import WireFormat, in_whole_ms, resampled
from daemon.brain.server.grammar_cache import Grammars, Threads
from daemon.brain.server.unfinished_utterance import EarlyRecognition, UnfinishedUtterance
from daemon.brain.tts.synthesizer import Synthesizer
from daemon.errors import EngineError
from daemon.realtime.events import RATE_HZ

RECOGNIZER_HZ = 16_000

log = logging.getLogger(__name__)
Engine = TypeVar("Engine")
Result = TypeVar("Result")


class Engines:
    """To be made inside the running loop; it begins to load at once, and the first turn waits for it."""

    def __init__(
        self,
        recognizer: Callable[[], Recognizer],
        synthesizer: Callable[[], Synthesizer],
        threads: Threads = ThreadPoolExecutor,
        early: bool = False,
    ) -> None:
        self.early = early
        """Whether the recogniser is asked before an utterance is over."""
        self.grammars = Grammars(threads)
        self._recognizer = _Worker("recogniser", recognizer, threads)
        self._synthesizer = _Worker("voice", synthesizer, threads)

    async def prepare(self, grammar: Grammar) -> None:
        """Prepare the recogniser for this grammar, before the first turn needs it."""
        await self._recognizer.run(lambda recognizer: recognizer.prepare(grammar))

    async def recognize(
        self,
        sound: bytes,
        format: WireFormat,
        grammar: Grammar,
        pending: Meaning | None,
        utterance: UnfinishedUtterance | None = None,
    ) -> Recognition:
        """Recognise one utterance, unless that was done before it was over."""

        def recognized(recognizer: Recognizer) -> Recognition:
            samples = resampled(sound, format, RECOGNIZER_HZ)
            early = utterance.early if utterance else None
            if early and early.holds_for(samples, grammar, pending):
                return early.recognition
            return recognizer.recognize(samples, grammar, pending)

        return await self._recognizer.run(recognized)

    async def recognize_early(
        self,
        utterance: UnfinishedUtterance,
        sound: bytes,
        format: WireFormat,
        grammar: Grammar,
        pending: Meaning | None,
    ) -> None:
        """Recognise an utterance that may be over, unless the recogniser is busy."""

        def recognized(recognizer: Recognizer) -> None:
            if not utterance.over:
                samples = resampled(sound, format, RECOGNIZER_HZ)
                recognition = recognizer.recognize(samples, grammar, pending)
                utterance.early = EarlyRecognition(clean(samples).samples, grammar, pending, recognition)

        if not self._recognizer.busy:
            await self._recognizer.run(recognized)

    async def speak(self, sentence: str, speed: float, format: WireFormat) -> bytes:
        """Synthesise one sentence, in the format of the wire."""

        def spoken(synthesizer: Synthesizer) -> bytes:
            samples = Resampler(RATE_HZ, format.rate_hz).process(synthesizer.speak(sentence, speed))
            return in_whole_ms(samples, format)

        return await self._synthesizer.run(spoken)

    def close(self) -> None:
        """Begin nothing more; running calls end by themselves."""
        self.grammars.close()
        self._recognizer.close()
        self._synthesizer.close()


def _guarded(work: Callable[[], Result]) -> Result:
    """Whatever an engine raises becomes an ordinary error, which ends neither the loop nor a task."""
    try:
        return work()
    except EngineError:
        raise
    except BaseException as error:
        raise EngineError(
            f"An engine failed ({type(error).__name__}: {error}): restart the brain."
        ) from error


class _Worker(Generic[Engine]):
    """One engine on its own thread."""

    def __init__(self, name: str, load: Callable[[], Engine], threads: Threads) -> None:
        self._name = name
        self._jobs = 0
        self._thread = threads(1, name)
        self._loading = self._submit(load)
        self._loading.add_done_callback(self._loaded)

    @property
    def busy(self) -> bool:
        """Whether it works, or somebody waits for it."""
        return self._jobs > 0

    async def run(self, use: Callable[[Engine], Result]) -> Result:
        """Use the engine on its thread, once it is there. Raises what its loading raised."""
        engine = await asyncio.shield(self._loading)
        return await self._submit(lambda: use(engine))

    def close(self) -> None:
        """Let the thread end after its present call."""
        self._loading.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _submit(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        job = self._thread.submit(_guarded, work)
        result = asyncio.wrap_future(job)
        self._jobs += 1
        result.add_done_callback(self._done)
        # On the engine's thread, as soon as the loop has the result.
        job.add_done_callback(lambda _: heap.give_back())
        return result

    def _done(self, _: asyncio.Future[Any]) -> None:
        self._jobs -= 1

    def _loaded(self, loading: asyncio.Future[Engine]) -> None:
        if loading.cancelled():
            return
        if loading.exception():
            log.error("The %s cannot be loaded. %s", self._name, loading.exception())
        else:
            log.info("The %s is ready.", self._name)
