"""The connection: greeted, configured, seeded; lost and found again, without a storm."""

from __future__ import annotations

import pytest

from daemon.core import events as ev
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail
from tests.core.rig import Rig


def test_it_speaks_only_after_the_server_has_greeted() -> None:
    rig = Rig()
    rig.step(ev.Start())
    rig.step(ev.Connected(rig.conn))
    assert not rig.sent()
    rig.receive(wire.SessionCreated())
    assert [type(event) for event in rig.sent()] == [wire.SessionUpdate]
    assert rig.machine.link == "configuring"
    rig.receive(wire.SessionUpdated())
    assert rig.machine.link == "ready"


def test_a_server_that_never_says_a_word_is_left() -> None:
    rig = Rig()
    rig.step(ev.Start(), ev.Connected(1))
    rig.wait(10.0)
    assert rig.found(ev.Disconnect)
    assert rig.machine.link == "waiting"


def test_a_server_that_never_acknowledges_is_used_all_the_same() -> None:
    rig = Rig()
    rig.step(ev.Start())
    rig.step(ev.Connected(rig.conn))
    rig.receive(wire.SessionCreated())
    rig.wait(5.0)
    assert rig.machine.link == "ready"


def test_a_refused_configuration_is_tried_smaller() -> None:
    rig = Rig()
    rig.step(ev.Start())
    rig.receive(wire.SessionCreated(), wire.Error(error=ErrorDetail(code="unknown_parameter")))
    first, second = rig.sent(wire.SessionUpdate)
    assert set(second.session) <= set(first.session)
    rig.receive(wire.Error(error=ErrorDetail(code="unknown_parameter", event_id=second.event_id)))
    assert rig.machine.link == "ready"


def test_events_of_an_old_connection_are_nobodys() -> None:
    rig = Rig().start()
    old = rig.conn
    rig.lose()
    rig.connect()
    rig.step(ev.Disconnected(old, 1006, "late"))
    assert rig.machine.link == "ready"


def waits(rig: Rig, code: int, reason: str = "", times: int = 8) -> list[float]:
    """How long it waits after the end of a session, and after each of some failed attempts."""
    found = []
    for _ in range(times):
        before, conn = rig.now, rig.conn
        rig.step(ev.Disconnected(rig.conn, code, reason))
        while rig.conn == conn:
            rig.wait(0.05)
        found.append(round(rig.now - before, 1))
    return found


def test_backoff_doubles_to_its_limit_and_is_jittered() -> None:
    assert waits(Rig(lambda: 1.0).start(), 1006) == pytest.approx([0, 0.5, 1, 2, 4, 8, 16, 30], abs=0.11)
    assert waits(Rig(lambda: 0.1).start(), 1006)[-1] == pytest.approx(3.0, abs=0.11)


def test_a_server_that_accepts_and_closes_gets_no_storm() -> None:
    rig = Rig(lambda: 1.0).start()
    began, connects = rig.now, 0
    while rig.now < began + 60:
        rig.lose(1000)
        rig.connect()
        connects += 1
    assert connects <= 10


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (401, "HTTP 401"),
        (403, "HTTP 403"),
        (404, "HTTP 404"),
        (3000, "invalid_request_error.invalid_api_key"),
        (4000, "invalid_request_error.beta_api_shape_disabled"),
    ],
)
def test_what_only_the_owner_can_mend_is_tried_every_five_minutes(code: int, reason: str) -> None:
    rig = Rig().start()
    assert waits(rig, code, reason, 2) == pytest.approx([300, 300], abs=0.2)


def test_a_fatal_error_before_the_close_is_what_is_shown() -> None:
    rig = Rig()
    rig.step(ev.Start())
    rig.receive(wire.Error(error=ErrorDetail(code="insufficient_quota", message="You have no quota left.")))
    rig.lose(1000)
    assert rig.found(ev.LinkChanged)[-1] == ev.LinkChanged("refused", "You have no quota left.")


def test_a_press_cuts_the_waiting_short() -> None:
    rig = Rig().start()
    rig.lose(401)
    rig.wait(2.0)
    before = rig.conn
    rig.edge(True)
    assert rig.conn == before + 1


def test_retry_after_is_honoured() -> None:
    rig = Rig().start()
    rig.step(ev.Disconnected(rig.conn, 429, "", 17.0))
    before = rig.conn
    rig.wait(16.0)
    assert rig.conn == before
    rig.wait(1.5)
    assert rig.conn == before + 1


def test_a_worn_session_is_replaced_in_a_quiet_moment_with_its_history() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("hello"))
    rig.reply()
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.clear()
    rig.wait(3239.0)
    assert not rig.found(ev.Connect)
    rig.wait(2.0)
    assert rig.found(ev.Connect)
    rig.clear()
    rig.connect()
    assert [event.item.role for event in rig.sent(wire.ItemCreate)] == ["user", "assistant"]


def test_the_shortest_session_makes_no_storm() -> None:
    rig = Rig(max_session_s=60.0).start()
    rig.wait(50.0)
    assert not rig.found(ev.Connect)


def test_retry_after_is_believed_for_five_minutes_at_most() -> None:
    rig = Rig().start()
    rig.step(ev.Disconnected(rig.conn, 429, "", 1e9))
    before = rig.conn
    rig.wait(301.0)
    assert rig.conn > before


def test_a_session_that_works_again_has_forgotten_what_it_refused() -> None:
    rig = Rig().start()
    rig.receive(wire.Error(error=ErrorDetail(code="insufficient_quota", message="No quota.")))
    rig.step(ev.TextAsked("hello"))
    rig.reply()
    rig.done()
    rig.lose()
    assert rig.machine.link == "connecting"
