"""Any events in any order: the machine never raises, always comes to rest, and loses no sample."""

from __future__ import annotations

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.audio.jitter_buffer import Cut
from daemon.core import events as ev
from daemon.core.turn.style_registry import STYLES
from daemon.devices.requests import Blink, SetState
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Item, Response
from tests.core.rig import Rig

RESPONSES = st.sampled_from(["r1", "r2", ""])
ITEMS = st.sampled_from(["i1", "i2"])
CALLS = st.sampled_from(["c1", "c2"])


def _server(rig: Rig, event: wire.ServerEvent) -> None:
    rig.receive(event)


def _done(response: str, status: str, call: str | None) -> wire.ResponseDone:
    output = [Item(type="function_call", call_id=call, name="set_device", arguments="{}")] if call else []
    return wire.ResponseDone(response=Response(id=response, status=status, output=output))


STATUSES = st.sampled_from(["completed", "cancelled", "failed", "incomplete"])
CODES = st.sampled_from(["conversation_already_has_active_response", "response_cancel_not_active", "x"])
SERVER_EVENTS = st.one_of(
    st.builds(wire.SessionCreated),
    st.builds(wire.SessionUpdated),
    st.builds(lambda r: wire.ResponseCreated(response=Response(id=r)), RESPONSES),
    st.builds(_done, RESPONSES, STATUSES, st.none() | CALLS),
    st.builds(
        lambda r, i, n: wire.OutputAudioDelta(response_id=r, item_id=i, delta=b"\1" * n),
        RESPONSES,
        ITEMS,
        st.integers(0, 5000),
    ),
    st.builds(lambda r, i: wire.OutputAudioDone(response_id=r, item_id=i), RESPONSES, ITEMS),
    st.builds(
        lambda r, i: wire.OutputTranscriptDelta(response_id=r, item_id=i, delta="a b"), RESPONSES, ITEMS
    ),
    st.builds(lambda i: wire.AudioCommitted(item_id=i), ITEMS | st.just("")),
    st.builds(
        lambda r, i, c: wire.OutputItemDone(
            response_id=r, item=Item(id=i, type="function_call", call_id=c, name="set_device")
        ),
        RESPONSES,
        ITEMS | st.just(""),
        CALLS | st.just(""),
    ),
    st.builds(
        lambda r, i, c: wire.ArgumentsDone(response_id=r, item_id=i, call_id=c, name="set_device"),
        RESPONSES,
        ITEMS,
        CALLS,
    ),
    st.builds(lambda i: wire.TranscriptionCompleted(item_id=i, transcript="words"), ITEMS),
    st.builds(wire.SpeechStarted),
    st.builds(
        lambda code, about: wire.Error(error=ErrorDetail(code=code, event_id=about)),
        CODES,
        st.sampled_from([None, "create", "commit"]),
    ),
)
INPUTS = st.one_of(
    st.builds(lambda pressed: ("edge", pressed), st.booleans()),
    st.builds(lambda seconds: ("capture", seconds), st.sampled_from([0.02, 0.5])),
    st.just(("event", ev.CaptureEnded())),
    st.builds(
        lambda items: ("event", ev.PlaybackDrained(items)), st.sampled_from([(), ("i1",), ("i1", "i2")])
    ),
    st.builds(
        lambda i, ms: ("event", ev.PlaybackStopped(Cut(i, ms, (), ("i2",)))),
        st.none() | ITEMS,
        st.integers(0, 9000),
    ),
    st.builds(lambda call: ("event", ev.ToolDone(call, "ok")), CALLS),
    st.sampled_from(
        [
            ("event", ev.TextAsked("hello")),
            ("event", ev.SayAsked("hello")),
            ("event", ev.StopAsked()),
            ("event", ev.ForgetAsked()),
            ("event", ev.MuteAsked(True)),
            ("event", ev.MuteAsked(True, at_once=False)),
            ("event", ev.MuteAsked(False)),
            ("event", ev.ToolsKnown([{"type": "function", "name": "late"}])),
            ("event", ev.ToolsKnown([])),
            ("event", ev.DeviceAsked(1, SetState("lamp", "on"))),
            ("event", ev.DeviceAsked(2, Blink("lamp", 3))),
            ("event", ev.Xrun("underrun")),
            ("event", ev.Opened("wake", 0.0)),
            ("event", ev.SpeechEnded(True)),
            ("event", ev.SpeechEnded(False)),
            ("connect", None),
            ("lose", None),
        ]
    ),
    st.builds(lambda event: ("server", event), SERVER_EVENTS),
    st.builds(lambda seconds: ("wait", seconds), st.sampled_from([0.01, 0.1, 0.3, 1.0, 5.0, 30.0])),
)


def play(rig: Rig, moves: list[tuple[str, object]]) -> None:
    """Make the moves."""
    for kind, what in moves:
        match kind, what:
            case "edge", bool(pressed):
                rig.edge(pressed)
            case "capture", float(seconds):
                rig.capture(seconds)
            case "wait", float(seconds):
                rig.wait(seconds)
            case "server", _:
                rig.receive(what)  # type: ignore[arg-type]
            case "event", _:
                rig.step(what)  # type: ignore[arg-type]
            case "connect", _:
                rig.connect()
            case _:
                rig.lose()


@given(st.lists(INPUTS, max_size=40), st.sampled_from(list(STYLES)), st.booleans())
@settings(max_examples=400, deadline=None)
def test_from_any_state_deadlines_alone_reach_rest(
    moves: list[tuple[str, object]], style: str, asked: bool
) -> None:
    rig = Rig(style=style)
    rig.step(ev.Start())
    if asked:
        rig.connect()
        rig.speak()
    play(rig, moves)
    rig.wait(3000.0)
    assert rig.machine.state in ("idle", "muted")
    turns = [effect.turn["number"] for effect in rig.found(ev.TurnOver)]
    assert len(turns) == len(set(turns))


def _half() -> float:
    return 0.5


class Settled(Rig):
    """One more round after each event: it must change nothing, and ask for nothing."""

    def step(self, *events: ev.Input) -> None:
        for event in events:
            super().step(event)
            before = pickle.dumps(self.machine)
            self.machine.settle(self.now)
            assert pickle.dumps(self.machine) == before


@given(st.lists(INPUTS, max_size=40), st.sampled_from(list(STYLES)), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_happens_all_consequences_are_drawn(
    moves: list[tuple[str, object]], style: str, fallback: bool
) -> None:
    rig = Settled(_half, style=style, fallback=fallback)
    rig.step(ev.Start())
    play(rig, moves)


def test_what_waits_for_the_end_of_a_turn_is_done_when_a_lost_session_ends_it() -> None:
    rig = Rig().start()
    rig.step(ev.TextAsked("tell me a long story"))
    rig.reply()
    rig.step(ev.PlaybackDrained(("item_1",)), ev.ForgetAsked())
    assert not rig.found(ev.HistoryCleared)
    rig.lose()
    assert rig.found(ev.HistoryCleared), "in the same step, by a second round"


@given(st.lists(INPUTS, max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_call_runs_once_and_whole_samples_are_played(moves: list[tuple[str, object]]) -> None:
    rig = Rig().start()
    play(rig, moves)
    assert all(len(play.pcm) % 2 == 0 for play in rig.found(ev.Play))
    truncates = rig.sent(wire.ItemTruncate)
    assert all(event.audio_end_ms > 0 for event in truncates)
    outputs = [event for event in rig.sent(wire.ItemCreate) if event.item.type == "function_call_output"]
    assert {event.item.call_id for event in outputs} <= {"c1", "c2"}
    answered = [effect.key for effect in rig.found(ev.ToolReport)]
    assert len(answered) <= len(rig.found(ev.RunTool))


@given(st.lists(st.sampled_from(["capture", "lose", "connect", "wait"]), max_size=30))
@settings(max_examples=200, deadline=None)
def test_every_sample_of_an_utterance_reaches_the_session_that_answers_it(moves: list[str]) -> None:
    rig = Rig(max_wait_s=1000.0, max_utterance_s=1000.0).start()
    rig.edge(True)
    captured = 0
    for move in [*moves, "capture"]:
        if move == "capture":
            rig.capture(0.2)
            captured += 10 * 960
        elif move == "wait":
            rig.wait(0.3)
        elif move == "lose":
            rig.lose()
        elif rig.machine.link != "ready":
            rig.clear()
            rig.connect()
    rig.wait(1.0)
    rig.edge(False)
    rig.step(ev.CaptureEnded())
    if rig.machine.link != "ready":
        rig.wait(40.0)
        rig.clear()
        rig.connect()
    assert sum(len(event.audio) for event in rig.sent(wire.AudioAppend)) == captured
    assert len(rig.sent(wire.AudioCommit)) == 1


def test_that_the_button_is_stuck_is_told_once_and_once_that_it_is_free() -> None:
    rig = Rig(max_utterance_s=30.0).start()
    rig.edge(True)
    rig.wait(70.0)
    rig.step(ev.Xrun("underrun"), ev.Xrun("underrun"))
    rig.edge(False)
    rig.wait(1.0)
    rig.step(ev.Xrun("underrun"))
    assert rig.found(ev.ButtonStuck) == [ev.ButtonStuck(True), ev.ButtonStuck(False)]


def test_what_must_be_kept_is_stored_before_a_tool_runs_and_before_a_turn_is_over() -> None:
    rig = Rig().start()
    rig.speak()
    rig.clear()
    rig.call()
    kinds: list[type] = [type(effect) for effect in rig.effects]
    assert kinds.index(ev.Remember) < kinds.index(ev.RunTool)
    rig.step(ev.ToolDone("call_1", "The lamp is on."))
    rig.reply("resp_2", "item_2")
    rig.done("resp_2")
    rig.clear()
    rig.step(ev.PlaybackDrained(("item_2",)))
    kinds = [type(effect) for effect in rig.effects]
    assert kinds.index(ev.Remember) < kinds.index(ev.TurnOver)
    assert all(effect.entries for effect in rig.found(ev.Remember))


def test_a_turn_that_leaves_nothing_to_remember_writes_nothing() -> None:
    rig = Rig().start()
    rig.lose()
    rig.step(ev.TextAsked("are you there"), ev.StopAsked())
    assert rig.found(ev.TurnOver)
    assert not rig.found(ev.Remember)
