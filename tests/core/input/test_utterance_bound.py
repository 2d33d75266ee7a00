"""An utterance is bounded in what it holds, not in time alone: a card may deliver more than time brings."""

from __future__ import annotations

import pytest

from daemon.core import events as ev
from daemon.core.input.capture import TAIL_S
from daemon.core.input.utterance import BYTES_PER_S
from daemon.core.turn.style_registry import STYLES
from daemon.realtime import events as wire
from tests.core.rig import Rig

SECOND = b"\x02\x00" * (BYTES_PER_S // 2)


def held_bytes(rig: Rig) -> int:
    """A new connection gets all that is kept."""
    rig.clear()
    if rig.conn:
        rig.lose()
    else:
        rig.step(ev.Start())
    rig.connect()
    rig.step(ev.CaptureEnded())
    return sum(len(each.audio) for each in rig.sent(wire.AudioAppend))


@pytest.mark.parametrize("online", [True, False])
@pytest.mark.parametrize("style", STYLES)
def test_hours_of_sound_in_one_moment_are_not_kept(style: str, online: bool) -> None:
    rig = Rig(style=style, max_utterance_s=10.0)
    rig = rig.start() if online else rig
    rig.edge(True)
    for _ in range(3600):
        rig.step(ev.Captured(SECOND))
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) <= (10.0 + TAIL_S) * BYTES_PER_S
    assert 10.0 * BYTES_PER_S <= held_bytes(rig) <= (10.0 + TAIL_S) * BYTES_PER_S


def test_an_utterance_that_is_full_is_told_and_answered_as_one_that_lasts_too_long() -> None:
    rig = Rig(max_utterance_s=10.0).start()
    rig.edge(True)
    for _ in range(11):
        rig.step(ev.Captured(SECOND))
    rig.wait(0.0)
    assert [each.message for each in rig.found(ev.UserAlert)] == [
        "The button was held too long; answering what was recorded."
    ]
    rig.step(ev.CaptureEnded())
    assert rig.sent(wire.AudioCommit)


def test_an_utterance_that_lasts_as_long_as_it_may_is_whole() -> None:
    rig = Rig(max_utterance_s=10.0).start()
    rig.edge(True)
    for _ in range(500):
        rig.step(ev.Captured(SECOND[: BYTES_PER_S // 50]))
        rig.wait(0.02 * 0.999)
    rig.edge(False)
    rig.step(ev.Captured(SECOND[: BYTES_PER_S // 50]), ev.CaptureEnded())
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) >= 10 * BYTES_PER_S
    assert not rig.found(ev.UserAlert)


def test_each_press_that_continues_a_question_has_its_own_room() -> None:
    rig = Rig(max_utterance_s=5.0)
    rig.step(ev.Start())
    for _ in range(2):
        rig.edge(True)
        for _ in range(4):
            rig.step(ev.Captured(SECOND))
        rig.wait(4.0)
        rig.edge(False)
        rig.step(ev.CaptureEnded())
        rig.wait(0.1)
    assert held_bytes(rig) == 8 * BYTES_PER_S
