"""What can be said, by examples: for help, and for whoever was not understood."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

from daemon.brain.nlu.intents import Sentence
from daemon.brain.nlu.template_syntax import words

MOST_COMMANDS: Final = 3
MOST_QUESTIONS: Final = 1
MOST_OTHERS: Final = 4
_LIKE: Final = 0.7
_MOST_COMPARED: Final = 200
_COMMON: Final = frozenset(words("the a an to is are it i you me my please of and in at for with"))


class Examples:
    """The sentences of a grammar that have an example."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._sentences = [sentence for sentence in sentences if sentence.example]
        self._topics = dict.fromkeys(topic for each in self._sentences for topic in each.topics)

    def help(self, topic: str) -> str:
        """A sentence on what can be said about this topic, or on everything in brief."""
        examples = [each.example.format(topic) for each in self._sentences if topic in each.topics]
        examples = examples or self._of_each_sort()
        if not examples:
            return "There is nothing here that I can do."
        *first, last = examples
        return f"You can say: {', '.join(first)}, or {last}." if first else f"You can say: {last}."

    def _of_each_sort(self) -> list[str]:
        """Commands and questions for devices, and what goes without a device."""
        of_devices = [each for each in self._sentences if "{}" in each.example]
        questions = [each for each in of_devices if each.example.startswith(("is ", "what "))]
        commands = [each for each in of_devices if each not in questions]
        others = [each for each in self._sentences if each not in of_devices]
        few = (*commands[:MOST_COMMANDS], *questions[:MOST_QUESTIONS], *others[:MOST_OTHERS])
        return [_first(each) for each in few]

    def nearest(self, text: str, longest: int) -> str:
        """The example that has most words in common with plain words, of at most so many characters."""
        named = self._named(text)
        said = {*text.split(), *(word for topic in named for word in topic.split())} - _COMMON
        candidates = [
            example
            for each in self._sentences
            for example in (
                [each.example.format(topic) for topic in named if topic in each.topics] or [_first(each)]
            )
            if len(example) <= longest
        ]
        return max(candidates, key=lambda example: len(said & set(example.split())), default="")

    def _named(self, text: str) -> list[str]:
        """The topics in it, or those that are spelled much like a word of it."""
        named = [topic for topic in self._topics if f" {topic} " in f" {text} "]
        few = list(self._topics)[:_MOST_COMPARED]
        return named or [
            like for word in text.split() for like in difflib.get_close_matches(word, few, 1, _LIKE)
        ]


def _first(sentence: Sentence) -> str:
    return sentence.example.format(*sentence.topics[:1])
