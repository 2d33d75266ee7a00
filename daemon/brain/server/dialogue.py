"""The brain's replies: pure, one turn at a time, perhaps with a question of its own pending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.nlu.grammar import Grammar, Intent, Meaning
from daemon.brain.server.references import Command, is_open, recent, resolve

NOTHING_HEARD = "I heard nothing."
CANNOT_HEAR = "Sorry, my hearing does not work at the moment."
CANNOT_READ = "Sorry, I cannot work that out at the moment."
NOTHING_TO_ANSWER = "How can I help?"
NO_PICTURES = "I cannot see pictures."
STILL_UNDER_WAY = "That is still under way."
ALL_RIGHT = "All right."
YES_TO_WHAT = "There is nothing to say yes to."
NOTHING_SAID = "I have not said anything yet."
WHICH = "Which one?"
REFUSED = 'Try "{}".'
REFUSED_AGAIN = REFUSED.format("what can you do")
UNKNOWN = "Sorry, I do not know that."
LONGEST_EXAMPLE = 25
"""In characters: a refusal takes less than two seconds to say."""

REPLIES: Final[Mapping[str, str]] = {
    "greeting": "Hello. How can I help?",
    "thanks": "You are welcome.",
    "identity": "I am a voice assistant that needs no network. Ask me what I can do.",
}


@dataclass(frozen=True)
class Say:
    """Answer in words."""

    text: str


@dataclass(frozen=True)
class Act:
    """Call tools, all in one response."""

    calls: tuple[Intent, ...]


Decision: TypeAlias = Say | Act


class Dialogue:
    """The dialogue state of one conversation: its pending question, its last answer, what it names lately."""

    def __init__(self) -> None:
        self.pending: Meaning | None = None
        self._answer = ""
        self._commands: tuple[Command, ...] = ()
        self._tried: str | None = None

    def answer(
        self, recognition: Recognition, grammar: Grammar, may_act: bool = True, now_s: float = 0.0
    ) -> Decision:
        """The reply to an utterance or a text; remembers a question that it asks."""
        asked, self.pending = self.pending, None
        tried, self._tried = self._tried, None
        if not recognition.words:
            self.pending = asked
            return Say(NOTHING_HEARD)
        self._commands = recent(self._commands, now_s)
        asked = asked if self._commands else None  # an old question sets no device
        meaning = recognition.meaning
        if recognition.certainty == "refuse" or meaning is None:
            return self._refuse(recognition.words, grammar, tried)
        if meaning.kind == "repeat" or (meaning.kind == "again" and not self._commands and self._answer):
            self.pending = asked
            return Say(self._answer or NOTHING_SAID)
        if (reply := _reply(meaning, grammar, asked is None)) is not None:
            return self.say(reply)
        if asked is not None:
            meaning = asked if meaning.kind == "yes" else _answering(meaning, asked)
        wanted = resolve(meaning, self._commands, grammar)
        if wanted is None:
            return self._refuse(recognition.words, grammar, tried)
        return self._act(wanted, recognition.certainty == "sure" and wanted.sure, may_act, now_s)

    def say(self, text: str) -> Say:
        """Answer in words that can be asked for once more."""
        self._answer = text
        return Say(text)

    def _refuse(self, words: str, grammar: Grammar, tried: str | None) -> Say:
        """Name what would have worked, unless that was of no help just now."""
        self._tried = example = grammar.nearest(words, LONGEST_EXAMPLE)
        if example == tried:
            return Say(REFUSED_AGAIN)
        return Say(REFUSED.format(example) if example else UNKNOWN)

    def _act(self, meaning: Meaning, sure: bool, may_act: bool, now_s: float) -> Decision:
        if not may_act:
            return Say(f"I understood: {meaning.readback}. I may not do that now.")
        unclear = is_open(meaning)
        self._commands += (Command(meaning, now_s, done=sure and not unclear),)
        if unclear:
            self.pending = meaning
            return self.say(WHICH)
        if sure:
            return Act(meaning.calls)
        self.pending = replace(meaning, sure=True)
        return self.say(f"{capital(meaning.readback)}?")


def _answering(meaning: Meaning, asked: Meaning) -> Meaning:
    """A name alone is certainly meant where the question was which one."""
    return replace(meaning, sure=True) if meaning.kind == "instead" and is_open(asked) else meaning


def _reply(meaning: Meaning, grammar: Grammar, nothing_asked: bool) -> str | None:
    """The answer to what needs no tool."""
    match meaning.kind:
        case "help":
            return grammar.help(*meaning.about)
        case "no":
            return ALL_RIGHT
        case "yes" if nothing_asked:
            return YES_TO_WHAT
        case kind:
            return REPLIES.get(kind)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
