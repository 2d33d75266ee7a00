"""The brain's replies: pure, one turn at a time, perhaps with a question of its own pending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.nlu.grammar import Grammar, Intent, Meaning

NOTHING_HEARD = "I heard nothing."
CANNOT_HEAR = "Sorry, my hearing does not work at the moment."
NOTHING_TO_ANSWER = "How can I help?"
NO_PICTURES = "I cannot see pictures."
STILL_UNDER_WAY = "That is still under way."
ALL_RIGHT = "All right."
YES_TO_WHAT = "There is nothing to say yes to."
REFUSED = "Sorry, I did not understand that."
HINTS = 2
REFUSED_AGAIN = "Sorry, I still did not understand."


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
    """The dialogue state of one conversation: its pending question and its refusals."""

    def __init__(self) -> None:
        self.pending: Meaning | None = None
        self._refused = False

    def answer(self, recognition: Recognition, grammar: Grammar, may_act: bool = True) -> Decision:
        """The reply to an utterance or a text; remembers a question that it asks."""
        asked, self.pending = self.pending, None
        refused_before, self._refused = self._refused, False
        if not recognition.words:
            self.pending = asked
            return Say(NOTHING_HEARD)
        meaning = recognition.meaning
        if recognition.certainty == "refuse" or meaning is None:
            self._refused = True
            return Say(REFUSED_AGAIN if refused_before else f"{REFUSED} {grammar.help(HINTS)}")
        if meaning.kind == "help":
            return Say(grammar.help())
        if meaning.kind == "no":
            return Say(ALL_RIGHT)
        wanted = asked if meaning.kind == "yes" else meaning
        return self._act(wanted, recognition.certainty == "sure", may_act) if wanted else Say(YES_TO_WHAT)

    def _act(self, meaning: Meaning, sure: bool, may_act: bool) -> Decision:
        if not may_act:
            return Say(f"I understood: {meaning.readback}. I may not do that now.")
        if sure:
            return Act(meaning.calls)
        self.pending = meaning
        return Say(f"{capital(meaning.readback)}?")


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
