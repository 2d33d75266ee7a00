"""A fixed part of the walk, and proof that it would notice: each promise is broken once, and found broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from daemon.core.connection.backoff import Backoff
from daemon.core.connection.dialer import Dialer
from daemon.core.history import history
from daemon.core.history.history import History
from daemon.core.input.utterance import Utterance
from daemon.core.transitions import TransitionTable
from tests.scenarios.faults.audit import outcome, violations
from tests.scenarios.faults.network import Fault
from tests.scenarios.faults.story import play
from tests.scenarios.faults.verdict import judge

PLANS = [
    "",
    "rst@client:session.update#1",
    "rst@client:input_audio_buffer.append#20",
    "fin@client:input_audio_buffer.commit#1",
    "hold@client:input_audio_buffer.append#10",
    "hold@client:response.create#1",
    "session_expired@server:response.output_audio.delta#3",
    "close_1011@server:response.function_call_arguments.done#1",
    "close_1013@server:response.done#1",
    "rst@client:conversation.item.create#1",
    "rst@server:response.output_audio.delta#12",
    "greetless@server:response.created#3",
    "accept_then_close@client:input_audio_buffer.append#40",
    "429@client:input_audio_buffer.append#40",
    "401@client:input_audio_buffer.append#40",
    "drop@server:conversation.item.input_audio_transcription.completed#2",
    "duplicate@server:response.function_call_arguments.done#1",
    "duplicate@server:response.done#1",
    "reorder@server:response.done#1",
    "odd@server:response.output_audio.delta#2",
    "garbage@server:response.output_audio.delta#2",
    "conversation_already_has_active_response@server:response.created#2",
    "flat_error@server:session.created#1",
    "text_error@server:input_audio_buffer.committed#2",
    "flat_error@server:response.created#2",
    "jump@client:input_audio_buffer.append#10",
    "refusing@client:input_audio_buffer.append#40",
    "swallowing@client:input_audio_buffer.append#40",
    "refusing@server:response.output_audio.delta#4",
    "swallowing@server:response.created#3",
    "rst@client:input_audio_buffer.append#20+500@server:response.created#1+hold@client:response.create#3",
]


@pytest.mark.parametrize("plan", PLANS)
def test_the_promises_hold(plan: str) -> None:
    assert judge(plan).broken == []


def test_without_a_fault_everything_is_answered() -> None:
    run = play([])
    assert [outcome(run, each) for each in run.said] == ["answered"] * 4


def test_while_the_server_is_away_the_brain_answers() -> None:
    run = play([Fault("outage", "client", "input_audio_buffer.append", 20)], fallback="offline")
    assert [outcome(run, each) for each in run.said] == ["answered"] * 4
    links = [fields["state"] for _, fields in run.house.of("link")]
    assert "fallback" in links
    texts = [text for role, text in run.last_items if role == "user"]
    assert texts[-4:] == ["what can you do", "turn off the lamp", "turn on the fan", "turn off the fan"]
    assert violations(run) == []


def _never(*_: Any, **__: Any) -> None:
    """In the place of what must not be left out."""


def _everything(text: str, heard_ms: int, received_ms: int) -> str:
    return text


def _at_once(self: Backoff, now: float, *_: Any) -> float:
    return 0.0


BREAKS: list[tuple[str, Any, str, Callable[..., Any], str]] = [
    ("the utterance is sent again", Utterance, "rewind", _never, "rst@client:input_audio_buffer.append#20"),
    (
        "only what was heard is told",
        history,
        "words_heard",
        _everything,
        "rst@client:input_audio_buffer.commit#3",
    ),
    ("nothing is done twice", History, "question", _never, "rst@server:response.output_audio.delta#1"),
    ("there is no storm", Backoff, "allowed", _at_once, "outage@server:response.done#1"),
    (
        "who waits is answered",
        Dialer,
        "hasten",
        _never,
        "refusing@client:input_audio_buffer.append#60",
    ),
]


@pytest.mark.parametrize(
    ("promise", "owner", "name", "broken", "plan"), BREAKS, ids=[each[0] for each in BREAKS]
)
def test_a_broken_promise_is_noticed(
    promise: str,
    owner: Any,
    name: str,
    broken: Callable[..., Any],
    plan: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert judge(plan).broken == []
    monkeypatch.setattr(owner, name, broken)
    assert judge(plan).broken, f"{promise}: the walk does not see that it does not hold"
    TransitionTable.unknown.clear()  # what is broken may go any way


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    import logging

    yield
    logging.disable(logging.NOTSET)
