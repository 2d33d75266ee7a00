"""A session's use of the shared recogniser: its grammar, and each utterance once."""

from __future__ import annotations

import asyncio
import logging
from weakref import WeakKeyDictionary

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.nlu.grammar import Grammar, Meaning
from daemon.brain.server.conversation import StoredItem
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.grammar_cache import Building
from daemon.brain.server.input_buffer import InputBuffer
from daemon.realtime.events import Json

_PAUSE_S = 0.02  # longer than between pieces that were recorded before and are sent at once

log = logging.getLogger(__name__)


class Listening:
    """A session builds one grammar and recognises one utterance at a time, so that others get their turn."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._grammar: tuple[list[Json], Building] | None = None
        self._tasks: WeakKeyDictionary[StoredItem, tuple[Grammar, asyncio.Task[Recognition]]] = (
            WeakKeyDictionary()
        )
        self._wanted: list[Json] = []
        self._preparing = asyncio.Lock()
        self._building = asyncio.Lock()
        self._recognizing = asyncio.Lock()

    async def prepare(self, tools: list[Json]) -> None:
        """Prepare the recogniser for these tools, unless they change before that begins."""
        self._wanted = tools
        async with self._preparing:
            if tools is not self._wanted:
                return
            try:
                grammar = await self.grammar(tools)
                await self._engines.prepare(grammar)
                if grammar.omitted:
                    log.warning(
                        "%d of a session's sentences are too many for the recogniser.", grammar.omitted
                    )
            except Exception as error:
                log.warning("The recogniser could not prepare for this session: %s", error)

    async def grammar(self, tools: list[Json]) -> Grammar:
        """The grammar of these tools; a small board needs a second to build a new one."""
        async with self._building:
            if self._grammar is None or self._grammar[0] != tools:
                self._grammar = tools, self._engines.grammars.of(tools)
            return await asyncio.shield(self._grammar[1])

    async def recognize(self, entry: StoredItem, grammar: Grammar, pending: Meaning | None) -> Recognition:
        """The recognition of an item; it runs once, however many callers wait."""
        known = self._tasks.get(entry)
        if known is None or known[0] is not grammar:
            known = self._tasks[entry] = grammar, asyncio.create_task(self._run(entry, grammar, pending))
        return await asyncio.shield(known[1])

    async def recognize_early(self, buffer: InputBuffer, tools: list[Json], pending: Meaning | None) -> None:
        """Recognise the utterance in the buffer, if it stays quiet and the recogniser has nothing to do."""
        utterance = buffer.utterance
        await asyncio.sleep(_PAUSE_S)
        if not utterance.is_quiet() or self._recognizing.locked():
            return
        try:
            async with self._recognizing:
                grammar = await self.grammar(tools)
                await self._engines.recognize_early(
                    utterance, buffer.sound(), buffer.format, grammar, pending
                )
        except Exception:
            log.exception("The recogniser failed at an utterance that is not over yet.")

    def close(self) -> None:
        """Cancel everything: the client is gone."""
        for _, task in self._tasks.values():
            task.cancel()

    async def _run(self, entry: StoredItem, grammar: Grammar, pending: Meaning | None) -> Recognition:
        async with self._recognizing:
            utterance, entry.utterance = entry.utterance, None
            return await self._engines.recognize(
                bytes(entry.audio), entry.format, grammar, pending, utterance
            )
