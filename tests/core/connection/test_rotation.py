"""A session that follows another without a gap, a brain that steps in, a silent server that is found out."""

from __future__ import annotations

import itertools

import pytest

from daemon.core import events as ev
from daemon.core.connection.backoff import Backoff
from daemon.core.connection.dialer import OUTAGE_S
from daemon.core.connection.session_age import EXPIRY_MARGIN_S
from daemon.core.history.history import lines
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Item
from tests.core.rig import Rig


def configured(rig: Rig, expires_at: float | None = None, server_s: float | None = None) -> None:
    """The newest connection comes up."""
    session = {"id": "sess"} | ({} if expires_at is None else {"expires_at": expires_at})
    rig.step(ev.Connected(rig.conn, server_s))
    rig.receive(wire.SessionCreated(session=session), wire.SessionUpdated())


def said_hello(rig: Rig) -> None:
    """A turn, answered and heard."""
    rig.step(ev.TextAsked("hello"))
    rig.reply()
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))


def seeds(rig: Rig, conn: int) -> list[str]:
    """What this connection was told of the history."""
    sent = [each.event for each in rig.found(ev.Send) if each.conn == conn]
    return [event.item.role or event.item.type for event in sent if isinstance(event, wire.ItemCreate)]


def worn(max_session_s: float = 600.0) -> Rig:
    """Past the soft limit: the successor is being dialed, the old session is still used."""
    rig = Rig(max_session_s=max_session_s).start()
    said_hello(rig)
    rig.clear()
    rig.wait(max_session_s - 59.0)
    assert [each.conn for each in rig.found(ev.Connect)] == [2]
    return rig


def test_the_new_session_knows_the_history_before_the_old_one_is_left() -> None:
    rig = worn()
    configured(rig)
    assert seeds(rig, 2) == ["user", "assistant"]
    assert not rig.found(ev.Disconnect), "it has not said yet that it knows"
    rig.receive(wire.ItemAdded(item=Item()), wire.ItemAdded(item=Item()))
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]
    assert rig.machine.link == "ready"


def test_a_turn_in_progress_is_not_moved_and_what_it_says_follows() -> None:
    rig = worn()
    rig.step(ev.TextAsked("and now?"))
    configured(rig)
    assert not rig.found(ev.Disconnect)
    rig.conn = 1
    rig.reply("resp_2", "item_2", text="Now too.")
    rig.done("resp_2")
    rig.step(ev.PlaybackDrained(("item_2",)))
    assert seeds(rig, 2) == ["user", "assistant", "user", "assistant"]


def test_what_happened_while_it_was_told_is_told_after() -> None:
    rig = worn()
    configured(rig)
    rig.step(ev.TextAsked("and now?"))
    rig.conn = 2
    rig.receive(wire.ItemAdded(item=Item()), wire.ItemAdded(item=Item()))
    rig.conn = 1
    rig.reply("resp_2", "item_2")
    rig.done("resp_2")
    rig.step(ev.PlaybackDrained(("item_2",)))
    assert seeds(rig, 2) == ["user", "assistant", "user", "assistant"]
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]


def test_a_server_that_says_nothing_of_seeds_is_used_all_the_same() -> None:
    rig = worn()
    configured(rig)
    rig.wait(3.1)
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]


def test_a_session_that_stalls_is_followed_by_the_one_that_is_ready() -> None:
    rig = worn()
    rig.step(ev.TextAsked("are you there?"))
    configured(rig)
    rig.clear()
    rig.wait(31.0)
    assert ev.Disconnect(1, ev.NewSession.UNRESPONSIVE) in rig.found(ev.Disconnect)
    assert not rig.found(ev.Connect)
    assert rig.machine.link == "ready"


def test_at_the_hard_limit_even_a_turn_is_moved() -> None:
    rig = worn()
    rig.wait(50.0)
    configured(rig)
    rig.step(ev.TextAsked("tell me a long story"))
    rig.clear()
    rig.wait(10.0)
    assert ev.Disconnect(1, ev.NewSession.EXPIRING) in rig.found(ev.Disconnect)
    again = [each for each in rig.found(ev.Send) if isinstance(each.event, wire.ResponseCreate)]
    assert [each.conn for each in again] == [rig.conn], "the question is asked anew"


def test_at_the_hard_limit_an_answer_is_let_come_to_its_end() -> None:
    rig = worn()
    configured(rig)
    rig.step(ev.TextAsked("tell me a long story"))
    rig.conn = 1
    rig.reply("resp_2", "item_2")
    for _ in range(4):
        rig.done("resp_1")  # said once more, of an answer that is over
        rig.wait(20.0)
        rig.reply("resp_2", "item_2")
    assert not rig.found(ev.Disconnect)
    rig.done("resp_2")
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]
    assert not rig.found(ev.UserAlert)


def test_nor_is_one_cut_off_whose_server_never_says_that_it_begins() -> None:
    rig = worn()
    configured(rig)
    rig.step(ev.TextAsked("tell me a long story"))
    rig.conn = 1
    for _ in range(4):
        rig.receive(wire.OutputAudioDelta(response_id="resp", item_id="item", delta=b"\1\0" * 24_000))
        rig.wait(20.0)
    assert not rig.found(ev.Disconnect)
    rig.done("resp")
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]


def test_an_answer_whose_end_has_no_name_does_not_hold_up_the_hard_limit() -> None:
    rig = worn()
    configured(rig)
    rig.step(ev.TextAsked("tell me a long story"))
    rig.conn = 1
    for _ in range(4):
        rig.reply("resp_2", "item_2")
        rig.wait(20.0)
    assert not rig.found(ev.Disconnect)
    rig.done("")
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]


@pytest.mark.parametrize("sign", ["close", "error"])
def test_where_there_is_room_for_one_session_the_old_one_goes_first(sign: str) -> None:
    rig = worn()
    if sign == "error":
        rig.receive(wire.Error(error=ErrorDetail(type="session_limit_reached")))
    rig.step(ev.Disconnected(2, 1008 if sign == "close" else 1000, ""))
    assert rig.found(ev.Disconnect) == [ev.Disconnect(1, ev.NewSession.EXPIRING)]
    rig.wait(1.0)
    configured(rig)
    assert rig.machine.link == "ready"
    assert seeds(rig, rig.conn) == ["user", "assistant"]


def test_a_successor_that_was_turned_away_once_is_made_before_the_break_the_next_time() -> None:
    rig = worn()
    rig.step(ev.Disconnected(2, 1008, ""))
    rig.wait(1.0)
    configured(rig)
    rig.wait(600.0 - 59.0)
    rig.clear()
    configured(rig)
    assert not rig.found(ev.Disconnect)
    rig.receive(wire.ItemAdded(item=Item()), wire.ItemAdded(item=Item()))
    assert [each.why for each in rig.found(ev.Disconnect)] == ["worn"]
    assert rig.machine.link == "ready"


def test_the_server_says_when_a_session_ends_whatever_the_wall_clock() -> None:
    rig = Rig(max_session_s=3300.0)
    rig.step(ev.Start())
    configured(rig, expires_at=5_000_000_000 + 600, server_s=5_000_000_000)
    rig.wait(600 - EXPIRY_MARGIN_S - 61)
    assert rig.conn == 1
    rig.wait(5)
    assert rig.conn == 2


@pytest.mark.parametrize(("expires_at", "server_s"), [(600.0, None), (10.0, 5000.0), (1e12, 0.0)])
def test_an_end_that_cannot_be_is_not_believed(expires_at: float, server_s: float | None) -> None:
    rig = Rig(max_session_s=600.0)
    rig.step(ev.Start())
    configured(rig, expires_at, server_s)
    rig.wait(530.0)
    assert rig.conn == 1


def test_the_brain_answers_what_was_asked_while_the_server_was_away() -> None:
    rig = Rig(fallback=True).start()
    rig.lose()
    rig.speak()
    rig.clear()
    rig.wait(OUTAGE_S)
    brain = next(each for each in rig.found(ev.Connect) if each.place == "brain")
    rig.conn = brain.conn
    configured(rig)
    assert rig.machine.link == "fallback"
    commits = [each for each in rig.found(ev.Send) if isinstance(each.event, wire.AudioCommit)]
    assert [each.conn for each in commits] == [brain.conn]


def test_a_brain_that_takes_up_a_question_is_watched_at_once() -> None:
    rig = Rig(fallback=True)
    rig.step(ev.Start())
    rig.wait(OUTAGE_S)
    brain = next(each for each in rig.found(ev.Connect) if each.place == "brain")
    rig.conn = brain.conn
    configured(rig)
    rig.step(ev.TextAsked("turn on the lamp"))
    rig.wait(0.0)
    assert rig.found(ev.Probe) == [ev.Probe(brain.conn)]


def test_a_brain_that_answers_does_not_make_a_refused_key_good() -> None:
    rig = Rig(fallback=True)
    rig.step(ev.Start())
    rig.lose(401)
    rig.wait(OUTAGE_S)
    brain = next(each for each in rig.found(ev.Connect) if each.place == "brain")
    rig.conn = brain.conn
    configured(rig)
    rig.step(ev.TextAsked("turn on the lamp"))
    rig.lose(401)  # whoever asks makes for another attempt
    rig.conn = brain.conn
    rig.reply()
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.lose()
    assert rig.machine.link == "refused"


def test_the_brain_waits_until_somebody_asks_and_goes_when_the_server_is_back() -> None:
    rig = Rig(lambda: 1.0, fallback=True).start()
    rig.lose()
    rig.wait(OUTAGE_S)
    brain = next(each for each in rig.found(ev.Connect) if each.place == "brain")
    rig.conn = brain.conn
    configured(rig)
    assert rig.machine.link in ("waiting", "connecting")
    rig.conn = next(each.conn for each in reversed(rig.found(ev.Connect)) if each.place == "server")
    configured(rig)
    assert rig.machine.link == "ready"
    assert ev.Disconnect(brain.conn) in rig.found(ev.Disconnect)


def test_a_silent_server_is_asked_whether_it_is_there_while_somebody_waits() -> None:
    rig = Rig().start()
    rig.wait(100.0)
    assert not rig.found(ev.Probe), "nobody waits"
    rig.edge(True)
    rig.wait(7.0)
    assert len(rig.found(ev.Probe)) == 3


def test_a_server_that_talks_is_not_asked_whether_it_is_there() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("tell me a long story"))
    rig.wait(0.1)
    assert len(rig.found(ev.Probe)) == 1
    for number in range(20):
        rig.reply(item=f"item_{number}")
        rig.wait(0.5)
    assert len(rig.found(ev.Probe)) == 1
    rig.wait(3.1)
    assert len(rig.found(ev.Probe)) == 2


def test_a_brain_that_fails_is_tried_again_ever_later_and_at_once_at_a_press() -> None:
    rig = Rig(lambda: 1.0, fallback=True).start()
    rig.lose()
    for pause_s in (OUTAGE_S, 0.5, 1.0, 2.0):
        rig.clear()
        rig.wait(pause_s + 0.1)
        (brain,) = (each for each in rig.found(ev.Connect) if each.place == "brain")
        rig.step(ev.Disconnected(brain.conn, 1006, ""))
    rig.clear()
    rig.edge(True)
    assert [each.place for each in rig.found(ev.Connect)] == ["brain"]


def test_a_brain_that_was_there_for_long_is_tried_again_soon() -> None:
    rig = Rig(lambda: 1.0, fallback=True).start()
    rig.lose()
    for number in range(4):
        rig.clear()
        rig.wait(OUTAGE_S + 0.1)
        brain = next(each.conn for each in rig.found(ev.Connect) if each.place == "brain")
        rig.conn = brain
        configured(rig)
        rig.step(ev.TextAsked("are you there?"), ev.Tick())
        rig.conn = brain
        rig.reply(f"resp_{number}", f"item_{number}")
        rig.done(f"resp_{number}")
        rig.step(ev.PlaybackDrained((f"item_{number}",)))
        assert rig.machine.link == "fallback"
        rig.wait(100.0)
        rig.step(ev.Disconnected(brain, 1006, ""))


def test_there_are_ten_attempts_a_minute_at_most_and_one_at_least() -> None:
    for luck in (0.0, 0.3, 1.0):
        pace, now, attempts = Backoff(lambda luck=luck: luck), 0.0, []  # type: ignore[misc]
        while now < 900.0:
            attempts.append(now)
            pace.attempted(now)
            now += pace.failed(now)
        in_a_minute = [sum(1 for at in attempts if first <= at < first + 60) for first in attempts]
        assert max(in_a_minute) <= 10
        assert max(b - a for a, b in itertools.pairwise(attempts)) <= 60.0


def test_after_a_restart_the_model_knows_what_was_said_and_that_outputs_are_safe() -> None:
    before, after = Rig().start(), Rig()
    said_hello(before)
    assert after.machine.recall(lines(before.machine.history.whole()))
    after.start()
    items = after.machine.history.seed()
    assert [item.role for item in items] == ["user", "assistant", "system"]
    assert items[-1].content
    assert items[-1].content[0].text == "The appliance has restarted. The lamp is off."


def taken_over() -> Rig:
    """A session has taken over while an answer that has come whole is still being played."""
    rig = Rig().start()
    rig.step(ev.TextAsked("tell me a story"))
    rig.reply(text="Once there was a box", seconds=4.0)
    rig.done()
    rig.lose()
    rig.connect()
    return rig


def test_a_session_that_took_over_in_an_answer_is_put_right_when_that_is_cut() -> None:
    rig = taken_over()
    told = [each.item for each in rig.sent(wire.ItemCreate)]
    assert (told[-1].role, told[-1].id) == ("assistant", rig.keys["item_1"]), "all that came, is played"
    rig.clear()
    rig.edge(True)
    rig.stopped("item_1", heard_ms=2000)
    assert rig.sent(wire.ItemDelete) == [wire.ItemDelete(item_id=rig.keys["item_1"])]
    (instead,) = rig.sent(wire.ItemCreate)
    assert [part.text for part in instead.item.content] == ["Once there"]
    assert not rig.sent(wire.ItemTruncate), "it knows the words and not the sound"


def test_a_session_that_took_over_is_not_left_with_what_never_sounded() -> None:
    rig = taken_over()
    rig.clear()
    rig.edge(True)
    rig.stopped(None, unheard=("item_1",))
    assert rig.sent(wire.ItemDelete) == [wire.ItemDelete(item_id=rig.keys["item_1"])]
    assert not rig.sent(wire.ItemCreate)
