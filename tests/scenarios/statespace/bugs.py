"""Faults that somebody might make, each to be found by the walk: that shows what it can see."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from msgspec import Struct

from daemon.core.history.history import History
from daemon.core.input.capture import CaptureControl
from daemon.core.response.barge_in import BargeIn
from daemon.core.response.calls import Calls
from daemon.core.response.controller import ResponseController
from daemon.core.response.exchange import Exchange
from daemon.core.response.items import ItemAudio, Items
from daemon.core.response.tracker import ResponseTracker
from daemon.core.turn.hands_free import HandsFree
from daemon.core.turn.manager import TurnManager
from daemon.core.turn.phase import TurnPhase
from tests.scenarios.statespace.walk import Found, Walk
from tests.scenarios.statespace.world import Bounds

ASKED = ("found", "press", "sound", "let go", "tail", "created")
ANSWERED = (*ASKED, "audio")


class Bug(Struct, frozen=True):
    """What is replaced by what, and the way at the end of which it is looked for."""

    instead: dict[tuple[type, str], Any]
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
    listener._timers.clear("utterance")


def _wait_for_ever(talk: Any, now: float) -> None:
    talk.answer.offline()


def _forget_that_it_was_asked(*_: Any) -> None:
    """Nothing is remembered."""


def _ask_again_whatever_was_done(answer: Any) -> Any:
    turn, answer._answer.turn = answer.turn, None
    if turn is not None:
        turn.phase = TurnPhase.WAITING
    return turn


def _over_and_over_again(responses: Any, response: Any) -> Any:
    reply = _done(responses, response)
    responses._shown = reply or getattr(responses, "_shown", None)
    return responses._shown


def _known_for_ever(responses: Any, response_id: str, *how: Any, **more: Any) -> Any:
    reply = _begun(responses, response_id, *how, **more)
    responses._past.append("resp_0")
    return reply


def _only_note_it(hands_free: Any, now: float) -> None:
    hands_free._listening.speech_started(now)


def _named_by_the_server(items: Any, reply: str, item_id: str, index: int, kept: bool = True) -> str:
    key = f"{item_id}_{index}"
    items._keys_of[reply, item_id or f"#{index}"] = key
    items._items.setdefault(key, ItemAudio(reply, item_id, index))
    return key


_done, _begun = ResponseTracker.done, ResponseTracker.begun
_AGAIN = Bounds(names="again")
_OPEN = Bounds(detects=True, tap=True, open=True, steady=True)
BUGS = {
    "the microphone stays open": Bug({(CaptureControl, "close"): _keep_the_microphone_open}),
    "nothing ends the wait for a server": Bug({(TurnManager, "offline"): _wait_for_ever}, ASKED),
    "an answer asked for is forgotten": Bug({(ResponseTracker, "ask"): _forget_that_it_was_asked}, ASKED[:1]),
    "what was cut off counts as heard": Bug({(History, "heard"): lambda *_: None}, ANSWERED),
    "a session that took over is not put right": Bug(
        {(BargeIn, "_tell_anew"): lambda *_: None}, (*ANSWERED, "moved")
    ),
    "a question is asked again after its tool has run": Bug(
        {(ResponseController, "online"): _ask_again_whatever_was_done}, ASKED
    ),
    "an answer that comes twice runs its calls twice": Bug(
        {(ResponseTracker, "done"): _over_and_over_again}, ASKED
    ),
    "a number that comes again is taken for the old one": Bug(
        {(ResponseTracker, "begun"): _known_for_ever}, ASKED[:1], _AGAIN
    ),
    "items are known by the server's names": Bug({(Items, "key"): _named_by_the_server}, ANSWERED, _AGAIN),
    "what is told but once is not believed": Bug({(Calls, "hear"): lambda *_: None}, ASKED),
    "what was withdrawn is taken for a wish of the server's": Bug(
        {(Exchange, "disown"): lambda *_: None},
        ("found", "tap", "sound", "detects"),
        Bounds(detects=True, tap=True, steady=True),
    ),
    "it listens again before its answer was heard": Bug(
        {(ResponseController, "playing"): property(lambda answer: False)},
        ("found", "tap", "sound", "detects", "takes", "begins"),
        _OPEN,
    ),
    "nothing ends an open conversation": Bug({(HandsFree, "unheard"): lambda *_: None}, ("found",), _OPEN),
    "an interruption does not silence": Bug(
        {(HandsFree, "speech_started"): _only_note_it},
        ("found", "tap", "sound", "detects", "takes", "begins"),
        Bounds(detects=True, tap=True, open=True, duplex=True, steady=True),
    ),
}
