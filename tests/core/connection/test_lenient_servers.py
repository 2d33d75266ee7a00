"""What a server may leave out: the greeting, the first event, a sensible end of its session."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.core import events as ev
from daemon.core.connection.session import CONFIGURE_S, FIRST_EVENT_S, GREETING_S
from daemon.core.connection.session_age import EXPIRY_MARGIN_S
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail
from tests.core.rig import Rig


def ungreeted() -> Rig:
    """The socket is open, and the server says nothing."""
    rig = Rig()
    rig.step(ev.Start(), ev.Connected(1))
    rig.wait(GREETING_S - 0.1)
    assert not rig.sent(), "it is waited for a greeting"
    return rig


def test_a_server_that_does_not_greet_is_configured_all_the_same() -> None:
    rig = ungreeted()
    rig.wait(0.2)
    assert [type(event) for event in rig.sent()] == [wire.SessionUpdate]
    rig.receive(wire.SessionUpdated())
    assert rig.machine.link == "ready"


@pytest.mark.parametrize(
    "first", [wire.ConversationCreated(), wire.RateLimitsUpdated(), wire.SessionUpdated(session={"id": "s"})]
)
def test_a_server_that_begins_with_another_event_is_configured_all_the_same(first: wire.ServerEvent) -> None:
    rig = ungreeted()
    rig.receive(first)
    rig.wait(0.2)
    assert len(rig.sent(wire.SessionUpdate)) == 1
    assert rig.machine.link == "configuring"
    rig.wait(CONFIGURE_S)
    assert rig.machine.link == "ready", "it has spoken, so that it is used without its word"


def test_an_ungreeted_server_that_confirms_with_anything_at_all_is_used() -> None:
    rig = ungreeted()
    rig.wait(1.0)
    rig.receive(wire.RateLimitsUpdated())
    rig.wait(CONFIGURE_S - 0.1)
    assert rig.machine.link == "configuring"
    rig.wait(0.2)
    assert rig.machine.link == "ready"


def test_a_server_that_is_configured_and_never_says_a_word_is_no_server() -> None:
    rig = ungreeted()
    rig.wait(FIRST_EVENT_S - GREETING_S + 0.2)
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1)]


def test_who_greets_late_is_told_again_what_it_may_not_have_heard() -> None:
    rig = ungreeted()
    rig.wait(2.0)
    rig.receive(wire.SessionCreated())
    assert len(rig.sent(wire.SessionUpdate)) == 2
    rig.receive(wire.SessionCreated())
    assert len(rig.sent(wire.SessionUpdate)) == 2, "once"
    rig.receive(wire.SessionUpdated())
    assert rig.machine.link == "ready"


def test_an_error_before_the_greeting_is_no_storm() -> None:
    rig = ungreeted()
    for _ in range(100):
        rig.receive(wire.Error(error=ErrorDetail(code="model_load_error", message="Loading.")))
    assert not rig.sent()
    rig.wait(0.2)
    assert len(rig.sent(wire.SessionUpdate)) == 1


# ---------------------------------------------------------------- when a session ends

SERVER_S = 1_800_000_000.0


def lives_s(expires_at: Any, said_by: type[wire.SessionCreated] | type[wire.SessionUpdated]) -> float:
    """How long a session is used of which the server says this; the owner allows 600 s."""
    rig = Rig(max_session_s=600.0)
    rig.step(ev.Start(), ev.Connected(1, SERVER_S))
    for kind in (wire.SessionCreated, wire.SessionUpdated):
        rig.receive(kind(session={"expires_at": expires_at} if kind is said_by else {}))
    assert rig.machine.link == "ready"
    began = rig.now
    while rig.conn == 1:
        rig.wait(1.0)
    return rig.now - began


@pytest.mark.parametrize("kind", [wire.SessionCreated, wire.SessionUpdated])
@pytest.mark.parametrize("expires_at", [SERVER_S + 300, int(SERVER_S) + 300, "1800000300", "1800000300.0"])
def test_the_end_of_a_session_is_understood_as_number_or_text(
    expires_at: Any, kind: type[wire.SessionCreated] | type[wire.SessionUpdated]
) -> None:
    assert lives_s(expires_at, kind) == pytest.approx((300 - EXPIRY_MARGIN_S) * 0.9, abs=1.1)


@pytest.mark.parametrize(
    "expires_at",
    [
        None,
        10**400,
        -(10**400),
        float("inf"),
        float("nan"),
        0,
        -1,
        SERVER_S - 1,
        SERVER_S,
        SERVER_S * 1000,
        "soon",
        "",
        "1e999",
        "2027-01-15T08:00:00Z",
        [],
        {"seconds": 300},
        True,
    ],
)
def test_an_end_that_is_none_is_no_end(expires_at: Any) -> None:
    assert lives_s(expires_at, wire.SessionCreated) == pytest.approx(540.0, abs=1.1)
