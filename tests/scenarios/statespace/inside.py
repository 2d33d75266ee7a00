"""The private members of a machine that the walk must see, in one place.

The walk tells states apart by everything that decides on what happens next, and offers in each what can
happen there. A machine that showed all of that to others would have no inside.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from daemon.core.history.history import History
from daemon.core.history.turn import Turn
from daemon.core.machine import Machine
from daemon.core.timers import Timers
from daemon.core.turn.manager import TurnManager


def talk(machine: Machine) -> TurnManager:
    """The conversation's part of it."""
    return machine._conversation


def conn(machine: Machine) -> int:
    """The connection that is used, 0 for none."""
    return machine._effects.conn


def new_key(machine: Machine) -> str:
    """A key of ours that nothing else has."""
    return machine._effects.keys.new("other")


def turn_timers(machine: Machine) -> Timers[Any]:
    """Those of the turn, which its parts share."""
    return machine._conversation._timers


def times(timers: Timers[Any]) -> dict[Any, float]:
    """When each is due."""
    return timers._times


def question(machine: Machine) -> Turn | None:
    """What was asked, and has no answer yet."""
    return machine._conversation._question.turn


def is_listening(machine: Machine) -> bool:
    """Is the question being spoken?"""
    return machine._conversation._question.listening


def texts(machine: Machine) -> deque[Turn]:
    """Those that wait."""
    return machine._conversation._texts.texts


def open_calls(machine: Machine) -> set[str]:
    """The calls that run."""
    return set(machine._conversation.answer.tools._open)


def cut(machine: Machine) -> Any:
    """What becomes of the answer that was cut off."""
    return machine._conversation.answer.barge_in._cut


def owed(machine: Machine) -> list[Any]:
    """The responses that were asked for and have not begun."""
    return machine._conversation.answer.responses._owed


def entries(history: History) -> list[Any]:
    """What was said, heard and done, to be cut off where there is an end."""
    return history._entries


def let_rest(machine: Machine) -> None:
    """The contact of the button bounces no more."""
    machine._gestures._quiet_until = None
