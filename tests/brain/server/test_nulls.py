"""A null where a field may be left out counts as left out, wherever the official types let it be left out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from daemon.brain.server.omitted import normalised
from daemon.brain.server.settings import ClientSettings
from daemon.realtime.events import Json
from tests.brain.scripted import LAMP_AND_FAN
from tests.brain.talk import asynchronous, calls, talking
from tests.realtime.oracle_types import EVENTS, fields, is_object, options

PROMPT = {"id": "pmpt_1", "version": "1", "variables": {"city": "Bern"}}
TOOL = {"type": "function", "name": "one", "description": "", "parameters": {"type": "object"}}
MESSAGE = {
    "id": "item_1",
    "object": "realtime.item",
    "type": "message",
    "status": "completed",
    "role": "user",
    "content": [{"type": "input_text", "text": "hello"}],
}
FULL: list[Json] = [
    {
        "type": "session.update",
        "event_id": "mine",
        "session": {
            "type": "realtime",
            "model": "gpt-realtime",
            "output_modalities": ["audio"],
            "instructions": "Be brief.",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "noise_reduction": {"type": "far_field", "strength": 0.5},
                    "transcription": {
                        "model": "whisper-1",
                        "language": "en",
                        "languages": ["en"],
                        "prompt": "a house",
                        "keywords": ["lamp"],
                        "delay": "low",
                    },
                    "turn_detection": {
                        "type": "server_vad",
                        "threshold": 0.5,
                        "prefix_padding_ms": 300,
                        "silence_duration_ms": 500,
                        "idle_timeout_ms": 6000,
                        "create_response": True,
                        "interrupt_response": True,
                    },
                },
                "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
            },
            "tools": [TOOL],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "max_output_tokens": "inf",
            "reasoning": {"effort": "low"},
            "truncation": {
                "type": "retention_ratio",
                "retention_ratio": 0.8,
                "token_limits": {"post_instructions": 1000},
            },
            "include": ["item.input_audio_transcription.logprobs"],
            "tracing": {"workflow_name": "a", "group_id": "b", "metadata": {"c": 1}},
            "prompt": PROMPT,
        },
    },
    {
        "type": "session.update",
        "session": {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}},
    },
    {"type": "input_audio_buffer.append", "event_id": "mine", "audio": "AAAA"},
    {"type": "input_audio_buffer.clear", "event_id": "mine"},
    {"type": "conversation.item.create", "event_id": "mine", "previous_item_id": "root", "item": MESSAGE},
    {
        "type": "conversation.item.create",
        "item": {
            "id": "item_2",
            "object": "realtime.item",
            "type": "function_call",
            "status": "completed",
            "call_id": "call_1",
            "name": "one",
            "arguments": "{}",
        },
    },
    {
        "type": "conversation.item.create",
        "item": {
            "id": "item_3",
            "object": "realtime.item",
            "type": "function_call_output",
            "status": "completed",
            "call_id": "call_1",
            "output": "ok",
        },
    },
    {
        "type": "response.create",
        "event_id": "mine",
        "response": {
            "instructions": "Be brief.",
            "output_modalities": ["audio"],
            "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"}},
            "tools": [TOOL],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            "max_output_tokens": 100,
            "reasoning": {"effort": "low"},
            "metadata": {"a": "b"},
            "prompt": PROMPT,
            "conversation": "none",
            "input": [{"type": "message", "id": "item_9", "role": "system", "content": []}],
        },
    },
]
"""Each client event with every field that it may have."""

NEEDED_HERE = ("tools.0.name", "content.0.type", "content.0.text")
"""What the official types leave open, and without which there is nothing to carry out."""


def optional_places(value: Any, annotation: Any, path: str = "") -> Iterator[str]:
    """The paths of everything in this value that the official types say may be left out."""
    choices = options(annotation)
    if isinstance(value, list):
        inner = [getattr(choice, "__args__", (Any,))[0] for choice in choices if hasattr(choice, "__args__")]
        for index, each in enumerate(value):
            yield from optional_places(each, inner[0] if inner else Any, f"{path}{index}.")
    shapes = [choice for choice in choices if is_object(choice)]
    if not isinstance(value, dict) or not shapes:
        return
    shape = max(shapes, key=lambda each: len(fields(each).keys() & value.keys()))
    for name, each in value.items():
        annotated, required = fields(shape).get(name, (Any, True))
        if not required:
            yield f"{path}{name}"
        yield from optional_places(each, annotated, f"{path}{name}.")


def with_null(event: Json, path: str) -> Json:
    """The event with null at this path."""
    changed: Any = copy.deepcopy(event)
    node = changed
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        node = node[step]
    node[last] = None
    nulled: Json = changed
    return nulled


PLACES = [
    (event, path)
    for event in FULL
    for path in optional_places(event, EVENTS["client"][event["type"]])
    if not path.endswith(NEEDED_HERE)
]


def test_the_official_types_name_many_places() -> None:
    assert len(PLACES) > 60
    named = {path for _, path in PLACES}
    assert {"event_id", "previous_item_id", "item.id", "response", "response.instructions"} <= named
    assert {"session.instructions", "session.audio.input.transcription.language"} <= named
    assert {"session.tools.0.description", "response.audio.output.voice"} <= named


@pytest.mark.parametrize(("event", "path"), PLACES, ids=[f"{event['type']}:{path}" for event, path in PLACES])
def test_null_is_accepted_wherever_the_official_types_let_a_field_be_left_out(event: Json, path: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            call = {"type": "function_call", "call_id": "call_1", "name": "one", "arguments": "{}"}
            talk.send("conversation.item.create", item=call)
            answers = talk.send(**_sent(with_null(event, path)))
            assert [answer for answer in answers if answer["type"] == "error"] == []
            if event["type"] == "response.create":
                await talk.until("response.done")

    scene()


def _sent(event: Json) -> Any:
    return {"name": event["type"], **{name: value for name, value in event.items() if name != "type"}}


@asynchronous
async def test_every_field_of_an_item_may_be_null_that_its_kind_does_not_have() -> None:
    async with talking() as talk:
        blank = dict.fromkeys(("id", "object", "status", "call_id", "name", "arguments", "output", "phase"))
        part = dict.fromkeys(("transcript", "audio", "image_url", "detail", "format"))
        content = [{**part, "type": "input_text", "text": "turn on the lamp"}]
        item = {**blank, "type": "message", "role": "user", "content": content}
        added, done = talk.send("conversation.item.create", item=item, previous_item_id=None, event_id=None)
        assert (added["type"], done["type"]) == ("conversation.item.added", "conversation.item.done")


@asynchronous
async def test_a_null_in_an_update_leaves_what_was_set_before() -> None:
    async with talking() as talk:
        talk.configure(instructions="Be brief.", tool_choice="none", max_output_tokens=500)
        session = {"instructions": None, "tools": None, "tool_choice": None, "max_output_tokens": None}
        quiet = {"audio": {"input": None, "output": {"voice": None, "format": None}}, "model": None}
        (updated,) = talk.send("session.update", session={"type": "realtime", **session, **quiet})
        after = updated["session"]
        assert (after["instructions"], after["tool_choice"]) == ("Be brief.", "none")
        assert after["max_output_tokens"] == 500
        assert after["audio"]["output"]["voice"] == "marin"
        assert after["audio"]["input"]["turn_detection"] is None
        assert len(after["tools"]) == 2


@asynchronous
async def test_a_null_that_means_something_still_does() -> None:
    async with talking() as talk:
        hearing = {"transcription": {"model": "whisper-1"}, "noise_reduction": {"type": "near_field"}}
        talk.send("session.update", session={"type": "realtime", "audio": {"input": hearing}})
        off = dict.fromkeys(("transcription", "noise_reduction", "turn_detection"))
        (updated,) = talk.send("session.update", session={"type": "realtime", "audio": {"input": off}})
        assert {updated["session"]["audio"]["input"][name] for name in off} == {None}


@asynchronous
async def test_a_response_of_nulls_is_the_sessions_own() -> None:
    names = ("instructions", "tools", "tool_choice", "output_modalities", "audio", "input", "conversation")
    async with talking() as talk:
        talk.configure()
        done = await talk.type("turn on the lamp", **dict.fromkeys((*names, "metadata", "max_output_tokens")))
        assert calls(done) == [("set_device", {"device": "lamp", "state": "on"})]
        assert done["conversation_id"]


@asynchronous
async def test_nulls_in_a_tools_schema_are_the_tools_own() -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["x", None], "default": None}}}
    async with talking() as talk:
        talk.configure(tools=[{"type": "function", "name": "one", "description": None, "parameters": schema}])
        (tool,) = talk.events[-1]["session"]["tools"]
        assert tool["parameters"] == schema


NEEDED: list[tuple[str, Json, str]] = [
    ("input_audio_buffer.append", {"audio": None}, "audio"),
    ("conversation.item.create", {"item": None}, "item"),
    ("conversation.item.delete", {"item_id": None}, "item_id"),
    (
        "conversation.item.truncate",
        {"item_id": "a", "content_index": 0, "audio_end_ms": None},
        "audio_end_ms",
    ),
    ("session.update", {"session": None}, "session"),
    ("session.update", {"session": {"type": None}}, "session.type"),
    (
        "session.update",
        {"session": {"type": "realtime", "tools": [{**TOOL, "name": None}]}},
        "session.tools[0].name",
    ),
    ("conversation.item.create", {"item": {**MESSAGE, "role": None}}, "item.role"),
    (
        "conversation.item.create",
        {"item": {**MESSAGE, "content": [{"type": "input_text", "text": None}]}},
        "item.content[0].text",
    ),
]


@pytest.mark.parametrize(("name", "fields", "param"), NEEDED)
def test_a_null_where_something_is_needed_is_missing(name: str, fields: Json, param: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            error = talk.refusal(name, **fields)
            assert (error["code"], error["param"]) == ("missing_required_parameter", param)

    scene()


def test_what_the_types_do_not_describe_is_left_alone() -> None:
    patch = {"tools": [LAMP_AND_FAN[0], None], "prompt": {"id": None}, "tracing": {"a": None}, "audio": 5}
    assert normalised(patch, ClientSettings) == patch
    assert normalised([None], ClientSettings) == [None]
    assert normalised(5, ClientSettings) == 5
