"""The grammar of a session: its tools become sentences, and sentences become calls of them.

Pure: no model, no clock. The same patterns are used by the word graph of the recogniser and by the parser.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from daemon.brain.nlu import filler_words
from daemon.brain.nlu.everyday_templates import ANSWERS, CORRECTING, POLITE, follow_ups
from daemon.brain.nlu.examples import Examples
from daemon.brain.nlu.intent_templates import classes, owners, sentences
from daemon.brain.nlu.intents import (
    PRONOUNS,
    Intent,
    Meaning,
    OfferedTool,
    Sentence,
    Slots,
    choices,
    properties,
)
from daemon.brain.nlu.phrase_parser import PhraseParser
from daemon.brain.nlu.template_syntax import compiled, one_of, plain

__all__ = ["Grammar", "Intent", "Meaning", "OfferedTool"]

BEFORE = "[ please ] [ ( could | can | would ) you [ please ] ]"
AFTER = "[ please ]"
MOST_COMMANDS = 8
_POINTING = re.compile(rf"\b(?:{'|'.join(PRONOUNS)})\b")
LONGEST_COMMAND = 500
"""In characters; a longer text is no command."""

MOST_WORDS = 300_000
"""In the patterns of all sentences: 200 tools of 200 names each, a few seconds' work."""

MOST_SPOKEN_WORDS = 10_000
"""In the patterns of spoken sentences: the graphs are built and searched for one session after another."""

Parsers: TypeAlias = list[tuple[re.Pattern[str], Callable[[Slots], Meaning]]]
"""Patterns of sentences, compiled, and what they mean."""


class Grammar:
    """Every sentence that the tools of one session give, spoken or typed."""

    def __init__(self, tools: Sequence[OfferedTool]) -> None:
        self._tools = tools
        self._sentences = tuple(_within(sentences(tools), MOST_WORDS))
        self._changes = tuple(follow_ups(tools))
        self._parsers = _parsers((*self._sentences, *ANSWERS))
        self._change_parsers = _parsers(self._changes)

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
        answers = one_of(sentence.pattern for sentence in (*ANSWERS, *self._changes) if sentence.spoken)
        return f"( {self.text} | {answers} )"

    def understand(self, text: str) -> Meaning | None:
        """The meaning of typed or recognised words, None where they are no sentence of this grammar.

        Commands may be strung together with `and`. Answers (yes, no) are understood too: whether there was a
        question is for the caller to check.
        """
        words = plain(text) if len(text) <= LONGEST_COMMAND else ""
        return self._strict(words) or _meaning(self._change_parsers, words)

    def read(self, text: str, answering: bool = False) -> Meaning | None:
        """The meaning of what was written: a sentence of this grammar, or a phrasing read strictly.

        A word such as `it` may stand for a device: what it means is for the caller to find out. `answering` a
        question of the brain, a name alone is a correction.
        """
        if len(text) > LONGEST_COMMAND:
            return None
        words = plain(text)
        change = _meaning(self._change_parsers, POLITE.sub("", words).strip())
        return change if change and answering else self._written(text) or change or self._pointing(words)

    def _strict(self, words: str) -> Meaning | None:
        return _meaning(self._parsers, words) or self._several(words, self._one)

    def _written(self, text: str) -> Meaning | None:
        return self._strict(plain(text)) or self._phrases.parse(text)

    def _pointing(self, words: str) -> Meaning | None:
        """What points to the conversation: no, turn on the fan; no, blue; turn it off."""
        if correcting := CORRECTING.match(words):
            other = self.read(rest := words[correcting.end() :]) or self._with_pronouns._written(f"it {rest}")
            return replace(other, kind="instead") if other and other.kind == "calls" else None
        return self._with_pronouns._written(words) if _POINTING.search(words) else None

    @functools.cached_property
    def _with_pronouns(self) -> Grammar:
        """The same, where a pronoun is the name of one more device."""
        return Grammar([_pointed(tool) if choices(tool, "device") else tool for tool in self._tools])

    def devices(self, tool: str) -> list[str]:
        """The devices that a tool takes."""
        return [name for each in self._tools if each["name"] == tool for name in choices(each, "device")]

    @functools.cached_property
    def _phrases(self) -> PhraseParser:
        named = [(tool["name"], name) for tool in self._tools for name in choices(tool, "device")]
        outputs = {plain(name) for tool, name in named if tool == "set_device"}
        names = list(dict.fromkeys(name for _, name in named))
        return PhraseParser(self._tools, classes(names, outputs), self._one, owners(self._tools))

    def _one(self, words: str) -> Meaning | None:
        return _meaning(self._parsers, words)

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

    @functools.cached_property
    def _examples(self) -> Examples:
        return Examples(self._sentences)

    def help(self, topic: str = "") -> str:
        """A sentence on what can be said, with examples that name devices of this session."""
        return self._examples.help(topic)

    def nearest(self, text: str, longest: int) -> str:
        """An example of at most so many characters, as near as possible to what was not understood."""
        return self._examples.nearest(plain(text), longest)


def _parsers(sentences: Iterable[Sentence]) -> Parsers:
    return [(compiled(f"{BEFORE} ( {each.pattern} ) {AFTER}"), each.meaning) for each in sentences]


def _meaning(parsers: Parsers, words: str) -> Meaning | None:
    """That of the first sentence that the words are."""
    for pattern, meaning in parsers:
        if match := pattern.fullmatch(f"{words} " if words else ""):
            return meaning({slot: said.strip() for slot, said in match.groupdict().items() if said})
    return None


def _pointed(tool: OfferedTool) -> OfferedTool:
    """The tool, as if its devices had the pronouns as names too."""
    schema = properties(tool)
    device = {**schema["device"], "enum": [*choices(tool, "device"), *PRONOUNS]}
    return {**tool, "parameters": {**tool["parameters"], "properties": {**schema, "device": device}}}


def _within(sentences: Iterable[Sentence], most_words: int) -> Iterator[Sentence]:
    """The first sentences, within a limit: one that exceeds what is left of it is skipped."""
    words = 0
    for sentence in sentences:
        length = len(sentence.pattern.split())
        if words + length <= most_words:
            words += length
            yield sentence
