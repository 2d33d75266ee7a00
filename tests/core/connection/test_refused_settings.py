"""A refused part of the settings spoils no other: it is narrowed down, left out, told and remembered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daemon.core import events as ev
from daemon.core.connection.setting_parts import named, only, parts
from daemon.core.connection.settings_negotiation import MOST_UPDATES, SettingsNegotiation, SettingsOffer
from daemon.core.effects import EffectsBuffer
from daemon.core.keys import Keys
from daemon.realtime import events as wire
from daemon.realtime.events import ErrorDetail, Json
from daemon.realtime.session_config import merged, session_config
from tests.core.rig import Rig

GOOD = {"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}}}}
BAD = {"type": "object", "properties": {"names": {"type": "array"}}}


def tool(name: str, parameters: Json | None = None) -> Json:
    return {"type": "function", "name": name, "description": "Does.", "parameters": parameters or GOOD}


def session(count: int = 8, bad: tuple[int, ...] = (), own: Json | None = None) -> Json:
    """So many tools, of which some have a schema that strict servers refuse."""
    tools = [tool(f"tool_{number}", BAD if number in bad else GOOD) for number in range(count)]
    return session_config("You are a box.", tools, None, True, own or {})


class Strict:
    """A server in the test: takes an update whole or not at all, and complains in its own way."""

    def __init__(self, refuses: Callable[[Json], str], names: str = "id") -> None:
        self.session: Json = {}
        self.updates: list[Json] = []
        self._refuses = refuses
        self._names = names

    def settle(self, offer: SettingsOffer) -> SettingsNegotiation:
        """A connection is configured, to its end."""
        negotiation = SettingsNegotiation(offer, offer.session, EffectsBuffer(Keys(lambda: 0.5)))
        self.session, self.updates = {}, []
        update = negotiation.begin()
        while update is not None:
            self.updates.append(update)
            if param := self._refuses(update):
                update = negotiation.refused(self._error(param, update), self._names == "id")
            else:
                self.session = merged(self.session, update)
                update = negotiation.taken(self.session)
            assert len(self.updates) <= MOST_UPDATES
        assert negotiation.over
        return negotiation

    def _error(self, param: str, update: Json) -> ErrorDetail:
        number = param.partition("[")[2].partition("]")[0]
        name = update["tools"][int(number)]["name"] if number else param
        texts = {"words": f"Invalid schema for function '{name}': array schema missing items"}
        texts["kind"] = "Invalid schema for a function: array schema missing items"
        named = param if self._names in ("param", "short") else None
        if named and self._names == "short":
            named = named.removeprefix("session.").replace("[", ".").replace("]", "")
        return ErrorDetail(code="invalid_value", message=texts.get(self._names, "No."), param=named)


def bad_tool(update: Json) -> str:
    for number, each in enumerate(update.get("tools", [])):
        if each["parameters"] == BAD:
            return f"session.tools[{number}].parameters"
    return ""


def without(path: str) -> Callable[[Json], str]:
    """A server that does not know a setting."""

    def refuses(update: Json) -> str:
        table: Any = update
        for key in path.split("."):
            table = table.get(key, {}) if isinstance(table, dict) else {}
        return f"session.{path}" if table else ""

    return refuses


def names_in(taken: Json) -> list[str]:
    return [each["name"] for each in taken.get("tools", [])]


@pytest.mark.parametrize("names", ["param", "short", "words", "kind", "id"])
@pytest.mark.parametrize("bad", range(8))
def test_one_bad_tool_costs_itself_alone_however_the_server_complains(bad: int, names: str) -> None:
    offer = SettingsOffer(session(bad=(bad,)))
    server = Strict(bad_tool, names)
    negotiation = server.settle(offer)
    assert names_in(server.session) == [f"tool_{number}" for number in range(8) if number != bad]
    assert {**server.session, "tools": 0} == {**offer.session, "tools": 0}
    assert list(negotiation.left_out) == [f"tool_{bad}"]


@pytest.mark.parametrize("names", ["param", "short", "words"])
def test_several_bad_tools_that_are_named_one_by_one_cost_themselves_alone(names: str) -> None:
    server = Strict(bad_tool, names)
    negotiation = server.settle(SettingsOffer(session(bad=(0, 3, 4, 7))))
    assert names_in(server.session) == [f"tool_{number}" for number in (1, 2, 5, 6)]
    assert list(negotiation.left_out) == ["tool_0", "tool_3", "tool_4", "tool_7"]


@pytest.mark.parametrize("names", ["param", "id"])
@pytest.mark.parametrize(
    "path",
    [
        "audio.output.voice",
        "audio.input.transcription",
        "audio.input.turn_detection",
        "audio.input.format",
        "instructions",
        "output_modalities",
        "tool_choice",
        "max_output_tokens",
    ],
)
def test_one_setting_that_a_server_does_not_know_costs_itself_or_if_not_named_one_more(
    path: str, names: str
) -> None:
    own = {"audio": {"output": {"voice": "marin"}, "input": {"turn_detection": {"type": "server_vad"}}}}
    offer = SettingsOffer(session(own=own | {"max_output_tokens": 99}))
    server = Strict(without(path), names)
    negotiation = server.settle(offer)
    assert path in negotiation.left_out
    assert len(negotiation.left_out) <= (1 if names == "param" else 2)
    taken = [part for part in parts(offer.session) if part not in negotiation.left_out]
    assert [part for part in taken if part.startswith("tools[")] == [f"tools[{n}]" for n in range(8)]
    assert server.session == only(offer.session, taken)


@pytest.mark.parametrize("group", ["audio", "audio.input", "audio.output", "tools"])
def test_a_whole_group_that_a_server_does_not_know_costs_nothing_else(group: str) -> None:
    offer = SettingsOffer(session(own={"audio": {"output": {"voice": "marin"}}}))
    server = Strict(without(group), "param")
    negotiation = server.settle(offer)
    gone = [part for part in parts(offer.session) if part.startswith((f"{group}.", f"{group}["))]
    assert server.session == only(offer.session, [each for each in parts(offer.session) if each not in gone])
    assert len(negotiation.left_out) == len(gone)


@pytest.mark.parametrize("group", ["audio", "audio.input", "audio.output"])
def test_of_a_group_that_is_named_for_one_of_its_settings_most_is_in_use(group: str) -> None:
    bad = "audio.input.noise_reduction" if group != "audio.output" else "audio.output.voice"
    own = {"audio": {"output": {"voice": "marin"}, "input": {"noise_reduction": {"type": "near_field"}}}}
    server = Strict(lambda update: without(bad)(update) and f"session.{group}", "param")
    negotiation = server.settle(SettingsOffer(session(own=own)))
    assert bad in negotiation.left_out
    assert len(negotiation.left_out) <= 2
    assert "turn_detection" in server.session["audio"]["input"]


SPELLINGS = [
    *("session.tools[3].parameters", "tools[3]", "tools.3.parameters", "/session/tools/3/parameters"),
    *("$.session.tools[3]", "body.session.tools[3].parameters.names", "session['tools'][3]", "tools/3"),
    *('["session","tools",3,"parameters"]', "session -> tools -> 3 -> parameters", "Session.Tools[3]"),
    *("session.tools.tool_3", "session.tools.tool_3.parameters", "tools[tool_3]", "tool_3"),
]


@pytest.mark.parametrize("param", SPELLINGS)
def test_the_path_of_what_is_refused_may_be_spelled_in_any_way(param: str) -> None:
    offered = session(8, (3,))
    assert named(ErrorDetail(param=param, message="No."), offered, parts(offered)) == ["tools[3]"]


@pytest.mark.parametrize(
    "message",
    [
        '[{"loc":["body","session","tools",3,"parameters"],"msg":"Field required","type":"missing"}]',
        "ValidationError: ('session', 'tools', 3, 'parameters'): Field required",
    ],
)
def test_a_path_that_stands_in_the_words_as_a_list_is_read(message: str) -> None:
    offered = session(8, (3,))
    assert named(ErrorDetail(message=message), offered, parts(offered)) == ["tools[3]"]


@pytest.mark.parametrize("message", ["one of ['alloy', 'marin']", "expected [1, 2]", '["tools", "none"]'])
def test_other_lists_in_the_words_name_no_part(message: str) -> None:
    offered = session(8, (3,))
    assert named(ErrorDetail(message=message), offered, parts(offered)) == []


@pytest.mark.parametrize(
    "param", ["session", "$.session", "", "event", "type", "session.type", "3", "[3]", "$"]
)
def test_a_path_that_leads_to_no_part_names_none(param: str) -> None:
    offered = session()
    assert named(ErrorDetail(param=param, message="No."), offered, parts(offered)) == []


@pytest.mark.parametrize("count", [0, 1, 2, 30, 200])
@pytest.mark.parametrize("names", ["param", "id", "kind"])
def test_a_bad_tool_among_any_number_leaves_the_settings_and_most_of_the_others(
    count: int, names: str
) -> None:
    bad = (count - 1,) if count else ()
    offer = SettingsOffer(session(count, bad))
    server = Strict(bad_tool, names)
    negotiation = server.settle(offer)
    assert {**server.session, "tools": 0} == {**offer.session, "tools": 0}
    assert len(negotiation.left_out) <= max(len(bad), count // 8)


@pytest.mark.parametrize("names", ["id", "kind"])
def test_tools_that_are_bad_all_over_and_not_named_do_not_cost_the_settings(names: str) -> None:
    server = Strict(bad_tool, names)
    server.settle(SettingsOffer(session(bad=(0, 3, 5, 7))))
    assert server.session["instructions"] == "You are a box."
    assert "turn_detection" in server.session["audio"]["input"]


def test_a_server_that_refuses_everything_is_tried_six_times_and_from_then_on_once() -> None:
    offer = SettingsOffer(session())
    server = Strict(lambda update: "session")
    server.settle(offer)
    assert len(server.updates) == MOST_UPDATES
    server.settle(offer)
    assert server.updates == [offer.session]
    willing = Strict(lambda update: "")
    assert willing.settle(offer).left_out == {}
    assert willing.session == offer.session, "it may have been in a bad mood"


@pytest.mark.parametrize("names", ["param", "id"])
def test_the_next_connection_is_not_offered_what_was_refused_and_says_so(names: str) -> None:
    offer = SettingsOffer(session(bad=(5,)))
    server = Strict(bad_tool, names)
    server.settle(offer)
    negotiation = server.settle(offer)
    assert len(server.updates) == 1
    assert list(negotiation.left_out) == ["tool_5"]


def test_a_server_that_says_that_it_has_everything_is_believed_though_there_was_an_error() -> None:
    offer = SettingsOffer(session())
    negotiation = SettingsNegotiation(offer, offer.session, EffectsBuffer(Keys(lambda: 0.5)))
    negotiation.begin()
    negotiation.refused(ErrorDetail(param="tools[1]"), ours=True)
    negotiation.refused(ErrorDetail(code="odd"), ours=True)
    assert negotiation.taken(offer.session) is None
    assert negotiation.left_out == {}
    assert not offer.refused


@pytest.mark.parametrize("code", ["server_error", "rate_limit_exceeded"])
def test_a_server_that_fails_for_a_moment_has_refused_nothing(code: str) -> None:
    offer = SettingsOffer(session())
    negotiation = SettingsNegotiation(offer, offer.session, EffectsBuffer(Keys(lambda: 0.5)))
    negotiation.begin()
    smaller = negotiation.refused(ErrorDetail(type=code), ours=True)
    assert smaller is not None
    assert len(smaller["tools"]) == 8
    assert not offer.refused


def test_the_tools_are_counted_as_they_were_sent() -> None:
    """With one left out, the server's numbers are others than ours."""
    negotiation = SettingsNegotiation(SettingsOffer(session(4)), session(4), EffectsBuffer(Keys(lambda: 0.5)))
    negotiation.begin()
    for _ in range(2):
        negotiation.refused(ErrorDetail(param="session.tools[1].parameters.properties.x"), ours=True)
    assert list(negotiation.left_out) == ["tool_1", "tool_2"]


def test_what_is_told_is_short_and_told_twice_at_most() -> None:
    outbox = EffectsBuffer(Keys(lambda: 0.5))
    offer = SettingsOffer(session(200, tuple(range(200))))
    negotiation = SettingsNegotiation(offer, offer.session, outbox)
    negotiation.begin()
    while not negotiation.over:
        negotiation.refused(ErrorDetail(message="No. " * 10**6), ours=True)
    told = [effect.message for effect in outbox.take() if isinstance(effect, ev.SettingsRejected)]
    assert len(told) == 2
    assert max(map(len, told)) < 500


def test_an_odd_session_of_the_owners_is_taken_apart_too() -> None:
    odd = session(own={"audio": {"input": "pcm16", "more": {"a": 1}}, "tools": [], "x": None})
    assert only(odd, parts(odd)) == odd
    assert only(odd, []) == {"type": "realtime"}


def test_the_wire_event_of_a_refusal_need_not_be_whole() -> None:
    negotiation = SettingsNegotiation(SettingsOffer(session()), session(), EffectsBuffer(Keys(lambda: 0.5)))
    negotiation.begin()
    assert negotiation.refused(wire.ErrorDetail(), ours=False) is not None


def test_tools_that_are_known_late_are_narrowed_on_the_connection_in_use_and_remembered() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown([tool("good"), tool("bad", BAD)]))
    (update,) = rig.sent(wire.SessionUpdate)
    refusal = ErrorDetail(param="session.tools[1].parameters", event_id=update.event_id, message="No.")
    rig.receive(wire.Error(error=refusal), wire.SessionUpdated())
    assert names_in(rig.sent(wire.SessionUpdate)[-1].session) == ["good"]
    assert list(rig.machine.connections.sessions.left_out) == ["bad"]
    assert rig.machine.link == "ready"
    assert not rig.found(ev.ServerNotice), "it is told once"
    rig.clear()
    rig.lose()
    rig.connect()
    assert [names_in(update.session) for update in rig.sent(wire.SessionUpdate)] == [["good"]]
    assert list(rig.machine.connections.sessions.left_out) == ["bad"]


def configuring(*tools: Json) -> Rig:
    """A server has greeted and been sent all settings, these tools among them."""
    rig = Rig()
    rig.step(ev.Start(), ev.ToolsKnown(list(tools)), ev.Connected(1))
    rig.receive(wire.SessionCreated())
    return rig


UNNAMED = wire.Error(error=ErrorDetail(code="odd", message="No."))


def test_when_both_updates_are_refused_and_nothing_is_named_it_is_told_what_is_left_out() -> None:
    rig = configuring(tool("water"))
    rig.receive(UNNAMED, UNNAMED)
    assert rig.machine.link == "ready"
    assert list(rig.machine.connections.sessions.left_out) == ["water"]
    assert rig.machine.connections.sessions.left_out["water"] == "odd No."
    told = [effect.message for effect in rig.found(ev.SettingsRejected)]
    assert "water" in told[-1]
    rig.lose()
    rig.connect()
    assert rig.machine.connections.sessions.left_out == {}, "the next one is offered all of it"


def test_what_the_smaller_update_does_not_have_is_told_as_left_out() -> None:
    outbox = EffectsBuffer(Keys(lambda: 0.5))
    offer = SettingsOffer(session(2))
    negotiation = SettingsNegotiation(offer, offer.session, outbox)
    negotiation.begin()
    smaller = negotiation.refused(ErrorDetail(code="odd"), ours=False)
    assert smaller is not None
    negotiation.taken(smaller)
    assert sorted(negotiation.left_out) == ["audio.input.transcription", "output_modalities", "tool_choice"]
    told = [effect.message for effect in outbox.take() if isinstance(effect, ev.SettingsRejected)]
    assert "audio.input.transcription" in told[-1]
    assert not offer.refused, "it was not found out that it is these"
    assert not offer.hopeless


def test_nothing_is_told_as_left_out_once_the_server_says_that_it_has_everything() -> None:
    rig = configuring(tool("water"))
    rig.receive(UNNAMED, UNNAMED)
    rig.receive(wire.SessionUpdated(session={"type": "realtime", "tools": [tool("water")]}))
    assert rig.machine.connections.sessions.left_out == {}


def test_errors_that_name_nothing_do_not_make_a_place_hopeless() -> None:
    offer = SettingsOffer(session(bad=(5,)))
    negotiation = SettingsNegotiation(offer, offer.session, EffectsBuffer(Keys(lambda: 0.5)))
    negotiation.begin()
    for _ in range(2):
        negotiation.refused(ErrorDetail(code="odd"), ours=False)
    server = Strict(bad_tool, "id")
    negotiation = server.settle(offer)
    assert list(negotiation.left_out) == ["tool_5"]


@pytest.mark.parametrize("asked", [False, True], ids=["idle", "asked"])
@pytest.mark.parametrize("message", ["No.", "Invalid schema: array schema missing items"])
def test_tools_that_are_known_late_are_narrowed_though_the_refusal_names_nothing(
    message: str, asked: bool
) -> None:
    rig = Rig().start()
    if asked:
        rig.speak()
    rig.clear()
    rig.step(ev.ToolsKnown([tool(f"tool_{n}", BAD if n == 2 else GOOD) for n in range(4)]))
    answered = 0
    while answered < len(updates := rig.sent(wire.SessionUpdate)):
        session = updates[answered].session
        answered += 1
        if bad_tool(session):
            rig.receive(wire.Error(error=ErrorDetail(message=message)))
        else:
            rig.receive(wire.SessionUpdated(session=session))
    assert list(rig.machine.connections.sessions.left_out) == ["tool_2"]
    assert names_in(rig.sent(wire.SessionUpdate)[-1].session) == ["tool_0", "tool_1", "tool_3"]
    assert answered <= MOST_UPDATES
    if asked:
        rig.reply()
        assert rig.machine.state == "speaking"
    assert not rig.found(ev.UserAlert)


def test_an_error_that_is_about_something_else_costs_no_tool_that_is_known_late() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown([tool("good"), tool("fine")]))
    rig.receive(UNNAMED)
    for update in rig.sent(wire.SessionUpdate):
        rig.receive(wire.SessionUpdated(session=update.session))
    assert rig.machine.connections.sessions.left_out == {}


def test_errors_that_name_nothing_are_no_storm_while_it_is_in_use() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown([tool(f"tool_{number}") for number in range(8)]))
    for _ in range(100):
        rig.receive(UNNAMED)
    assert len(rig.sent(wire.SessionUpdate)) <= MOST_UPDATES
    rig.wait(6.0)
    rig.clear()
    rig.receive(UNNAMED)
    assert not rig.sent(wire.SessionUpdate)


@pytest.mark.parametrize("asked", [False, True], ids=["idle", "asked"])
@pytest.mark.parametrize(
    "error",
    [
        ErrorDetail(code="invalid_value", message="No.", param="session.tools[1].parameters"),
        ErrorDetail(code="invalid_value", message="No.", param="tools.1.parameters.properties.names"),
        ErrorDetail(
            code="invalid_function_parameters", message="Invalid schema for function 'tool_1': no items"
        ),
    ],
    ids=["param", "path", "words"],
)
def test_a_tool_that_is_known_late_is_left_out_though_the_refusal_names_no_event(
    error: ErrorDetail, asked: bool
) -> None:
    rig = Rig().start()
    if asked:
        rig.speak()
    rig.clear()
    rig.step(ev.ToolsKnown([tool(f"tool_{number}") for number in range(3)]))
    rig.receive(wire.Error(error=error))
    _, second = rig.sent(wire.SessionUpdate)
    assert [each["name"] for each in second.session["tools"]] == ["tool_0", "tool_2"]
    rig.receive(wire.SessionUpdated(session=second.session))
    rig.wait(6.0)
    assert list(rig.machine.connections.sessions.left_out) == ["tool_1"]
    assert not rig.found(ev.UserAlert)
    assert rig.machine.state == ("thinking" if asked else "idle")


def test_an_error_long_after_the_tools_were_told_is_not_about_them() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown([tool("tool_0")]))
    rig.wait(6.0)
    rig.clear()
    rig.receive(wire.Error(error=ErrorDetail(message="Function 'tool_0' is odd")))
    assert not rig.sent(wire.SessionUpdate)


def test_what_was_refused_is_offered_again_when_the_tools_are_others() -> None:
    rig = Rig().start()
    rig.step(ev.ToolsKnown([tool("bad", BAD)]))
    update = rig.sent(wire.SessionUpdate)[-1]
    rig.receive(wire.Error(error=ErrorDetail(param="tools[0]", event_id=update.event_id)))
    assert list(rig.machine.connections.sessions.left_out) == ["bad"]
    rig.step(ev.ToolsKnown([tool("bad")]))
    rig.receive(wire.SessionUpdated())
    assert names_in(rig.sent(wire.SessionUpdate)[-1].session) == ["bad"]
    assert rig.machine.connections.sessions.left_out == {}


def test_a_session_with_all_its_parts_is_whole_and_with_none_it_is_its_type() -> None:
    session = {
        "type": "realtime",
        "reasoning": {"effort": "low"},
        "audio": {"output": {"voice": "marin", "speed": 1.0}, "input": {"format": {}}, "odd": 3},
        "tools": [{"name": "a"}, {"name": "b"}],
    }
    assert only(session, parts(session)) == session
    assert only(session, []) == {"type": "realtime"}
    kept = {"audio.output.speed", "reasoning", "tools[1]"}
    assert only(session, kept) == {
        "type": "realtime",
        "reasoning": {"effort": "low"},
        "audio": {"output": {"speed": 1.0}},
        "tools": [{"name": "b"}],
    }


def test_an_error_that_names_nothing_long_after_the_settings_were_taken_is_not_about_them() -> None:
    rig = Rig().start()
    rig.wait(10.0)
    rig.speak()
    rig.clear()
    rig.receive(wire.Error(error=ErrorDetail(message="Invalid schema for a function.")))
    assert not rig.sent(wire.SessionUpdate)
    assert not rig.found(ev.SettingsRejected)
    assert len(rig.found(ev.ServerNotice)) == 1
