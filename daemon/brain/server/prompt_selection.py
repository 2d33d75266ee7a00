"""Selects what a response answers: the unanswered items of the conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from daemon.brain.server.conversation import StoredItem
from daemon.brain.server.dialogue import NO_PICTURES, NOTHING_TO_ANSWER, STILL_UNDER_WAY, Say
from daemon.brain.server.tool_output_speech import tell


@dataclass(frozen=True)
class Spoken:
    """The user said something."""

    entry: StoredItem


@dataclass(frozen=True)
class Written:
    """The user typed something."""

    text: str


Prompt: TypeAlias = Spoken | Written | Say
"""What is to be understood, or the answer where there is nothing to understand."""


def select_prompt(entries: Sequence[StoredItem]) -> Prompt:
    """What is to be answered, in the turn that began with the user's newest message."""
    turn = _newest_turn(entries)
    unanswered = _after_the_last_answer(turn)
    if any(entry.item.type == "function_call_output" for entry in unanswered):
        return _outputs(turn, unanswered)
    if any(entry.item.type == "function_call" for entry in unanswered):
        # To answer the user's words again would call the tool twice.
        return Say(STILL_UNDER_WAY)
    if unanswered and unanswered[0].item.role == "user":
        return _message(unanswered[0])
    return Say(NOTHING_TO_ANSWER)


def _newest_turn(entries: Sequence[StoredItem]) -> Sequence[StoredItem]:
    return entries[_last(entries, lambda entry: entry.item.role == "user") or 0 :]


def _after_the_last_answer(turn: Sequence[StoredItem]) -> Sequence[StoredItem]:
    end = _last(turn, _is_answer)
    return turn if end is None else turn[end + 1 :]


def _last(entries: Sequence[StoredItem], wanted: Callable[[StoredItem], bool]) -> int | None:
    """The index of the newest such entry."""
    return next((index for index in reversed(range(len(entries))) if wanted(entries[index])), None)


def _is_answer(entry: StoredItem) -> bool:
    return entry.item.role == "assistant" and entry.item.status == "completed"


def _outputs(turn: Sequence[StoredItem], unanswered: Sequence[StoredItem]) -> Prompt:
    """In the order of the calls. Late ones of an earlier turn wait until the newest words are answered."""
    made = [entry.item.call_id for entry in unanswered if entry.item.type == "function_call"]
    outputs = {
        entry.item.call_id: str(entry.item.output)
        for entry in unanswered
        if entry.item.type == "function_call_output"
    }
    if not made and turn[0].item.role == "user" and turn[0] in unanswered:
        return _message(turn[0])
    if any(call_id not in outputs for call_id in made):
        return Say(STILL_UNDER_WAY)
    return Say(tell([outputs[call_id] for call_id in made or outputs]))


def _message(entry: StoredItem) -> Prompt:
    parts = {part.type for part in entry.parts}
    if "input_text" in parts:
        return Written(" ".join(part.text or "" for part in entry.parts if part.type == "input_text"))
    return Spoken(entry) if "input_audio" in parts else Say(NO_PICTURES)
