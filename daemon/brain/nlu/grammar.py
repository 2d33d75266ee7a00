"""The grammar of a session: its tools become sentences, and sentences become calls of them.

Pure: no model, no clock. The same patterns are used by the word graph of the recogniser and by the parser.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

from daemon.brain.nlu import filler_words
from daemon.brain.nlu.intent_templates import ANSWERS, classes, sentences
from daemon.brain.nlu.intents import Intent, Meaning, OfferedTool, Sentence, choices
from daemon.brain.nlu.phrase_parser import PhraseParser, bare
from daemon.brain.nlu.template_syntax import compiled, one_of, plain

__all__ = ["Grammar", "Intent", "Meaning", "OfferedTool"]

BEFORE = "[ please ] [ ( could | can | would ) you [ please ] ]"
AFTER = "[ please ]"
MOST_EXAMPLES = 6
MOST_COMMANDS = 8
LONGEST_COMMAND = 500
"""In characters; a longer text is no command."""

MOST_WORDS = 300_000
"""In the patterns of all sentences: 200 tools of 200 names each, a few seconds' work."""

MOST_SPOKEN_WORDS = 10_000
"""In the patterns of spoken sentences: the graphs are built and searched for one session after another."""


class Grammar:
    """Every sentence that the tools of one session give, spoken or typed."""

    def __init__(self, tools: Sequence[OfferedTool]) -> None:
        self._tools = tools
        self._sentences = tuple(_within(sentences(tools), MOST_WORDS))
        self._parsers = [
            (compiled(f"{BEFORE} ( {sentence.pattern} ) {AFTER}"), sentence.meaning)
            for sentence in (*self._sentences, *ANSWERS)
        ]

    @functools.cached_property
    def text(self) -> str:
        """The pattern of everything that may be spoken, filler words included, for the word graph."""
        return f"{filler_words.OPENINGS} {BEFORE} {one_of(self._spoken)} {AFTER}"

    @property
    def omitted(self) -> int:
        """How many spoken sentences were left out of `text`, being too many; typed, they are understood."""
        return sum(sentence.spoken for sentence in self._sentences) - len(self._spoken)

    @functools.cached_property
    def _spoken(self) -> list[str]:
        spoken = (sentence for sentence in self._sentences if sentence.spoken)
        return [sentence.pattern for sentence in _within(spoken, MOST_SPOKEN_WORDS)]

    @functools.cached_property
    def text_when_asked(self) -> str:
        """The same after a question: an answer or a new command."""
        answers = one_of(sentence.pattern for sentence in ANSWERS if sentence.spoken)
        return f"( {self.text} | {answers} )"

    def understand(self, text: str) -> Meaning | None:
        """The meaning of typed or recognised words, None where they are no sentence of this grammar.

        Commands may be strung together with `and`. Answers (yes, no) are understood too: whether there was a
        question is for the caller to check.
        """
        if len(text) > LONGEST_COMMAND:
            return None
        words = plain(text)
        whole = self._one(words)
        return whole if whole is not None else self._several(words, self._one)

    def read(self, text: str) -> Meaning | None:
        """The meaning of what was written: a sentence of this grammar, or a phrasing read strictly."""
        meaning = self.understand(text)
        if meaning is not None or len(text) > LONGEST_COMMAND:
            return meaning
        words = plain(text)
        whole = self._phrase(words)
        return whole if whole is not None else self._several(bare(words), self._phrase)

    def _phrase(self, words: str) -> Meaning | None:
        core = bare(words)
        return self._one(core) or self._phrases.parse(words) or self._phrases.parse(core)

    @functools.cached_property
    def _phrases(self) -> PhraseParser:
        named = [(tool["name"], name) for tool in self._tools for name in choices(tool, "device")]
        outputs = {plain(name) for tool, name in named if tool == "set_device"}
        names = list(dict.fromkeys(name for _, name in named))
        return PhraseParser(self._tools, classes(names, outputs))

    def _one(self, words: str) -> Meaning | None:
        for pattern, meaning in self._parsers:
            if match := pattern.fullmatch(f"{words} " if words else ""):
                return meaning({slot: said.strip() for slot, said in match.groupdict().items() if said})
        return None

    def _several(self, words: str, one: Callable[[str], Meaning | None]) -> Meaning | None:
        first, *rest = words.split(" and ")
        for index in range(min(len(rest), MOST_COMMANDS)):
            head = one(" and ".join([first, *rest[:index]]))
            if head is not None and head.kind == "calls":
                others = " and ".join(rest[index:])
                tail = one(others) or self._several(others, one)
                if tail is not None and tail.kind == "calls":
                    return Meaning("calls", head.calls + tail.calls, f"{head.readback}, and {tail.readback}")
        return None

    def help(self, most: int = MOST_EXAMPLES) -> str:
        """A sentence on what can be said, with up to `most` examples that name devices of this session."""
        examples = [sentence.example for sentence in self._sentences if sentence.example]
        if not examples:
            return "There is nothing here that I can do."
        *first, last = examples[:most]
        return f"You can say: {', '.join(first)}, or {last}." if first else f"You can say: {last}."


def _within(sentences: Iterable[Sentence], most_words: int) -> Iterator[Sentence]:
    """The first sentences, within a limit: one that exceeds what is left of it is skipped."""
    words = 0
    for sentence in sentences:
        length = len(sentence.pattern.split())
        if words + length <= most_words:
            words += length
            yield sentence
