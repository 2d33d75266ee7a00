"""While somebody waits for a server that is away, it is tried every four seconds, for four seconds."""

from __future__ import annotations

import itertools

import pytest

from daemon.core import events as ev
from daemon.core.connection.backoff import HASTE_S, MAX_IN_WINDOW
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail
from tests.core.rig import Rig


def dials(rig: Rig) -> list[int]:
    """The connections that were opened to the server."""
    return [each.conn for each in rig.found(ev.Connect) if each.place == "server"]


def refuse(rig: Rig, seconds: float, code: int = 0, retry_after_s: float = 0.0) -> list[float]:
    """A server that refuses each attempt at once: when those were made."""
    made, end = [], rig.now + seconds
    while rig.now < end:
        before = rig.conn
        rig.wait(min(0.01, end - rig.now))
        if rig.conn > before:
            made.append(rig.now)
            rig.step(ev.Disconnected(rig.conn, code, "refused", retry_after_s))
    return made


def away(minutes: float = 5.0) -> Rig:
    """A server that has been away for so long: the attempts of the last minute are far apart."""
    rig = Rig(lambda: 1.0).start()
    rig.lose()
    rig.step(ev.Disconnected(rig.conn, 0, "refused"))
    refuse(rig, 60 * minutes)
    rig.clear()
    return rig


def test_whoever_waits_while_attempts_are_refused_has_one_every_four_seconds() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    asked_at = rig.now
    rig.step(ev.Disconnected(rig.conn, 0, "refused"))
    made = [asked_at, *refuse(rig, 19.0)]
    assert len(made) >= 5
    assert max(b - a for a, b in itertools.pairwise(made)) <= HASTE_S + 0.05


def test_an_attempt_that_hangs_is_given_four_seconds_while_somebody_waits() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    first = rig.conn
    rig.wait(HASTE_S - 0.1)
    assert rig.conn == first
    rig.wait(0.2)
    assert rig.conn == first + 1
    assert ev.Disconnect(first) in rig.found(ev.Disconnect)
    rig.wait(HASTE_S)
    assert rig.conn == first + 2


def test_an_attempt_that_has_hung_for_long_is_made_anew_at_once_when_somebody_comes() -> None:
    rig = Rig(lambda: 1.0)
    rig.step(ev.Start())
    rig.wait(HASTE_S + 1.0)
    assert rig.conn == 1, "nobody waits"
    rig.step(ev.TextAsked("are you there?"))
    rig.wait(0.0)
    assert rig.conn == 2


def test_an_open_socket_that_says_nothing_is_given_four_seconds_while_somebody_waits() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    first = rig.conn
    rig.step(ev.Connected(first))
    rig.wait(HASTE_S + 0.1)
    assert rig.conn == first + 1


def test_a_server_that_has_spoken_is_not_left_because_somebody_waits() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    rig.step(ev.Connected(rig.conn))
    rig.receive(wire.SessionCreated())
    first = rig.conn
    rig.wait(HASTE_S + 1.5)
    assert (rig.conn, rig.machine.link) == (first, "ready")


def test_attempts_for_somebody_leave_those_for_nobody_as_they_are() -> None:
    """They have a budget of their own: neither is used up by the other."""
    rig = away()
    for _ in range(3):
        rig.step(ev.TextAsked("are you there?"))
        refuse(rig, 25.0)
    assert (len(rig.found(ev.TurnOver)), rig.machine.state) == (3, "idle")
    assert refuse(rig, 60.0), "at least one a minute"
    made = refuse(rig, 600.0)
    assert all(sum(1 for at in made if t <= at < t + 59.9) <= MAX_IN_WINDOW for t in made)


def test_without_anybody_who_waits_there_are_ten_attempts_a_minute_at_most() -> None:
    rig = Rig(lambda: 0.0).start()
    rig.lose()
    rig.step(ev.Disconnected(rig.conn, 0, "refused"))
    made = refuse(rig, 600.0)
    assert all(sum(1 for at in made if t <= at < t + 59.9) <= MAX_IN_WINDOW for t in made)


def test_what_the_server_has_asked_for_comes_before_whoever_waits() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    rig.step(ev.Disconnected(rig.conn, 429, "HTTP 429", 11.0))
    refused_at = rig.now
    (made, *_) = refuse(rig, 15.0)
    assert made - refused_at == pytest.approx(11.0, abs=0.05)


def test_what_only_the_owner_can_mend_comes_before_whoever_waits() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    rig.step(ev.Disconnected(rig.conn, 401, "HTTP 401"))
    assert refuse(rig, 19.0, 401) == []


@pytest.mark.parametrize("code", [0, 401, 503])
def test_whoever_asks_every_second_has_no_more_attempts_than_whoever_waits(code: int) -> None:
    rig, made = away(), []
    for _ in range(50):
        rig.step(ev.TextAsked("are you there?"))
        made += refuse(rig, 1.2, code)
    assert len(made) <= 60 / HASTE_S + MAX_IN_WINDOW + 1


def test_no_number_of_presses_comes_before_what_the_server_has_asked_for() -> None:
    rig = away()
    rig.step(ev.TextAsked("are you there?"))
    rig.step(ev.Disconnected(rig.conn, 429, "HTTP 429", 30.0))
    before = rig.conn
    for _ in range(14):
        rig.edge(True)
        rig.wait(1.0)
        rig.edge(False)
        rig.wait(1.0)
    assert rig.conn == before
    rig.wait(3.0)
    assert rig.conn == before + 1


def test_a_session_that_was_ready_and_is_lost_is_dialled_again_at_once() -> None:
    rig = Rig(lambda: 1.0).start()
    for _ in range(3):
        before = rig.conn
        rig.lose()
        assert rig.conn == before + 1
        rig.connect()
    assert [each.link for each in rig.found(ev.LinkChanged)][:2] == ["waiting", "connecting"], "it is told"


def test_the_backoff_begins_anew_with_each_session_that_is_ready() -> None:
    rig = away()
    rig.connect()
    rig.lose()
    rig.step(ev.Disconnected(rig.conn, 0, "refused"))
    before = rig.conn
    rig.wait(0.6)
    assert rig.conn == before + 1


def test_a_session_that_ends_because_of_the_key_is_not_dialled_again_at_once() -> None:
    rig = Rig().start()
    rig.receive(wire.Error(error=ErrorDetail(code="insufficient_quota", message="No quota.")))
    before = rig.conn
    rig.lose()
    assert (rig.conn, rig.machine.link) == (before, "refused")


def test_nobody_is_hurried_while_the_brain_answers() -> None:
    rig = Rig(lambda: 1.0, fallback=True).start()
    rig.lose()
    server = rig.conn
    rig.wait(2.1)
    brain = rig.conn
    rig.step(ev.Disconnected(server, 0, "refused"))
    rig.receive(wire.SessionCreated(), wire.SessionUpdated())
    rig.step(ev.TextAsked("turn on the lamp"))
    assert rig.machine.link == "fallback"
    asked = len(dials(rig))
    rig.step(ev.Disconnected(max(dials(rig)), 0, "refused"))
    assert brain in [each.conn for each in rig.found(ev.Connect) if each.place == "brain"]
    assert len(dials(rig)) == asked
