"""What a session is told, what it is told at the very least, and what the server has made of it."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import events as ev
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Json
from daemon.realtime.session_config import differences, essential, merged, session_config
from tests.core.rig import Rig

TOOL = {"type": "function", "name": "set_device", "description": "Sets.", "parameters": {"required": ["a"]}}
SENT = session_config(
    "You are a box.", [TOOL], None, True, {"audio": {"output": {"voice": "marin"}}, "max_output_tokens": 99}
)
ECHO: Json = merged(
    SENT, {"id": "sess_1", "audio": {"input": {"noise_reduction": None}, "output": {"speed": 1.0}}}
)


def without(path: str) -> Json:
    """The echo without a field."""
    echo = copy.deepcopy(ECHO)
    *tables, key = path.split(".")
    table = echo
    for name in tables:
        table = table[name]
    del table[key]
    return echo


def test_a_server_that_has_taken_everything_is_not_blamed_for_what_it_adds() -> None:
    assert differences(SENT, ECHO) == []


def test_a_server_that_tells_nothing_of_its_session_is_believed() -> None:
    assert differences(SENT, {}) == []


def test_null_and_nothing_are_the_same() -> None:
    assert differences(SENT, without("audio.input.turn_detection")) == []


@pytest.mark.parametrize(
    ("taken", "named"),
    [
        (without("tools"), "tools"),
        (without("instructions"), "instructions"),
        (without("audio.output.voice"), "audio.output.voice"),
        (without("audio.input.transcription.model"), "audio.input.transcription.model"),
        (without("audio.input"), "audio.input"),
        (merged(ECHO, {"tools": []}), "tools"),
        (merged(ECHO, {"tools": [TOOL | {"parameters": {}}]}), "tools"),
        (merged(ECHO, {"instructions": "Be an assistant."}), "instructions"),
        (
            merged(ECHO, {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}}),
            "audio.input.turn_detection",
        ),
        (merged(ECHO, {"output_modalities": ["text"]}), "output_modalities"),
        (merged(ECHO, {"audio": "pcm16"}), "audio"),
        (merged(ECHO, {"max_output_tokens": "inf"}), "max_output_tokens"),
    ],
)
def test_what_the_server_has_not_taken_over_is_named(taken: Json, named: str) -> None:
    assert differences(SENT, taken) == [named]


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
TABLES = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(TABLES, TABLES)
def test_whatever_a_server_echoes_it_is_compared_and_additions_never_count(sent: Json, taken: Json) -> None:
    differences(sent, taken)
    assert differences(sent, {**taken, **sent}) == []


def test_the_least_has_formats_turns_tools_and_instructions_and_no_voice() -> None:
    pcm = {"type": "audio/pcm", "rate": 24000}
    assert essential(SENT) == {
        "type": "realtime",
        "instructions": "You are a box.",
        "tools": [TOOL],
        "audio": {"input": {"format": pcm, "turn_detection": None}, "output": {"format": pcm}},
    }


# ---------------------------------------------------------------- on a connection


def greeted() -> Rig:
    """A server has greeted and been sent the configuration."""
    rig = Rig()
    rig.step(ev.Start(), ev.Connected(1))
    rig.receive(wire.SessionCreated())
    return rig


def complaints(rig: Rig) -> list[str]:
    return [effect.message for effect in rig.found(ev.SettingsRejected)]


def test_what_is_not_taken_over_is_told_once_for_a_connection_and_by_name_alone() -> None:
    rig = greeted()
    for _ in range(3):
        rig.receive(wire.SessionUpdated(session={"type": "transcription", "tools": ["secret"]}))
    (complaint,) = complaints(rig)
    assert "type" in complaint
    assert "tools" in complaint
    assert "secret" not in complaint
    assert rig.machine.link == "ready"
    rig.lose()
    rig.connect()
    assert len(complaints(rig)) == 1


def test_an_acknowledgement_that_comes_late_is_compared_too() -> None:
    rig = greeted()
    rig.wait(6.0)
    assert rig.machine.link == "ready"
    rig.receive(wire.SessionUpdated(session={"type": "transcription", "tools": []}))
    assert len(complaints(rig)) == 1


def test_a_refused_configuration_is_told_with_its_reason_and_the_smaller_one_is_compared() -> None:
    rig = greeted()
    refusal = ErrorDetail(code="cannot_update_voice", param="session.audio.output.voice", message="No.")
    rig.receive(wire.Error(error=refusal))
    (complaint,) = complaints(rig)
    assert "cannot_update_voice session.audio.output.voice No." in complaint
    second = rig.sent(wire.SessionUpdate)[-1]
    assert second.session == {"type": "realtime", "tools": []}
    rig.receive(wire.SessionUpdated(session={"type": "realtime", "tools": []}))
    assert len(complaints(rig)) == 1
    assert rig.machine.link == "ready"


def test_a_server_that_refuses_the_smaller_one_too_is_used_and_that_is_told() -> None:
    rig = greeted()
    for _ in range(2):
        update = rig.sent(wire.SessionUpdate)[-1]
        rig.receive(wire.Error(error=ErrorDetail(code="unknown_parameter", event_id=update.event_id)))
    assert len(complaints(rig)) == 2
    assert rig.machine.link == "ready"


# ---------------------------------------------------------------- tools that are known later

TOOLS: list[Json] = [{"type": "function", "name": "water"}]


def updates(rig: Rig) -> list[Json]:
    """The settings that were sent, of each update what it says of tools."""
    return [event.session["tools"] for event in rig.sent(wire.SessionUpdate)]


def test_tools_that_are_known_before_the_greeting_go_with_the_settings() -> None:
    rig = Rig()
    rig.step(ev.Start(), ev.ToolsKnown(TOOLS))
    rig.receive(wire.SessionCreated(), wire.SessionUpdated())
    assert updates(rig) == [TOOLS]


def test_tools_that_are_known_while_it_is_configured_wait_until_it_is() -> None:
    rig = greeted()
    rig.step(ev.ToolsKnown(TOOLS))
    assert TOOLS not in updates(rig)
    rig.receive(wire.SessionUpdated())
    assert updates(rig)[-1] == TOOLS
    assert complaints(rig) == []


def test_tools_that_are_known_late_are_told_once_and_every_later_connection_knows_them() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown(TOOLS), ev.ToolsKnown(list(TOOLS)))
    assert updates(rig) == [TOOLS]
    rig.lose()
    rig.connect()
    assert updates(rig) == [TOOLS, TOOLS]
    assert rig.machine.link == "ready"


def test_an_update_of_tools_alone_changes_nothing_else_and_its_refusal_ends_no_turn() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown(TOOLS))
    (*_, update) = rig.sent(wire.SessionUpdate)
    assert update.session == {"type": "realtime", "tools": TOOLS}
    rig.receive(wire.Error(error=wire.ErrorDetail(code="invalid_value", event_id=update.event_id)))
    assert rig.machine.link == "ready"
