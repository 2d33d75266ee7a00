"""Faults that somebody might make, each to be found by the walk: that shows what it can see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from msgspec import Struct

from daemon.core.answer import Answer
from daemon.core.barge_in import BargeIn
from daemon.core.conversation import Conversation
from daemon.core.ledger import Ledger
from daemon.core.listener import Listener
from daemon.core.responses import Responses
from daemon.core.tools_due import ToolsDue
from tests.statespace.walk import Found, Walk
from tests.statespace.world import Bounds

ASKED = ("found", "press", "sound", "let go", "tail", "created")
ANSWERED = (*ASKED, "audio")


class Bug(Struct, frozen=True):
    """What is replaced by what, and the way at the end of which it is looked for."""

    instead: dict[tuple[type, str], Callable[..., Any]]
    way: tuple[str, ...] = ()
    bounds: Bounds = Bounds(tools=1)
    limit: int = 5000

    def look(self) -> Found:
        """Walk with the bug in place, until something is found."""
        with ExitStack() as bugs:
            for (where, name), instead in self.instead.items():
                bugs.enter_context(patch.object(where, name, instead))
            return Walk(self.bounds, self.limit, self.way, until_broken=True).run(lambda told: None)


def _keep_the_microphone_open(listener: Any) -> None:
    listener.open = False
    listener._timers.clear("utterance")


def _wait_for_ever(talk: Any, now: float) -> None:
    talk.answer.offline()


def _forget_that_it_was_asked(responses: Any) -> None:
    responses._cancel_when_begun = False


def _ask_again_whatever_was_done(answer: Any) -> Any:
    turn, answer.turn, answer._cut_off = answer.turn, None, False
    return turn


def _run_whatever_comes(tools: Any, turn: Any, items: Any, now: float) -> None:
    turn.calls.clear()
    _start(tools, turn, items, now)


_start = ToolsDue.start
BUGS = {
    "the microphone stays open": Bug({(Listener, "_shut"): _keep_the_microphone_open}),
    "nothing ends the wait for a server": Bug({(Conversation, "offline"): _wait_for_ever}, ASKED),
    "an answer asked for is forgotten": Bug({(Responses, "ask"): _forget_that_it_was_asked}, ASKED[:1]),
    "what was cut off counts as heard": Bug({(Ledger, "heard"): lambda *_: None}, ANSWERED),
    "a session that took over is not put right": Bug(
        {(BargeIn, "_tell_anew"): lambda *_: None}, (*ANSWERED, "moved")
    ),
    "a question is asked again after its tool has run": Bug(
        {(Answer, "online"): _ask_again_whatever_was_done}, ASKED
    ),
    "an answer that comes twice runs its calls twice": Bug(
        {(ToolsDue, "start"): _run_whatever_comes, (Responses, "wanted"): lambda *_: True}, ASKED
    ),
}
