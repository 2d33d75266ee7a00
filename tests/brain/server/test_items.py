"""The input buffer and the conversation's items: what is kept, and what is refused in which words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from daemon.brain.server.conversation import MAX_BYTES
from daemon.brain.server.input_buffer import MAX_BUFFER_S
from daemon.realtime.events import RATE_HZ, Json
from tests.brain.talk import SECOND_OF_SILENCE, Talk, asynchronous, talking

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}


def message(role: str, **part: Any) -> Json:
    """A message of one part."""
    return {"type": "message", "role": role, "content": [part]}


FRAMES: list[tuple[str, str, str | None]] = [
    ("{", "invalid_json", None),
    ("hello", "invalid_json", None),
    ("[" * 100_000, "invalid_event", None),
    ('{"type": "response.create", "response": ' + "[" * 100_000, "invalid_json", None),
    ("[]", "invalid_event", None),
    ("null", "invalid_event", None),
    ("{}", "invalid_event", "type"),
    ('{"type": 5}', "invalid_event", "type"),
    ('{"type": "response.stop"}', "unknown_event", "type"),
    ('{"type": "session.update"}', "missing_required_parameter", "session"),
    ('{"type": "session.update", "session": 5}', "invalid_type", "session"),
    ('{"type": "input_audio_buffer.append"}', "missing_required_parameter", "audio"),
    ('{"type": "input_audio_buffer.append", "audio": "@@@"}', "invalid_value", "audio"),
    ('{"type": "input_audio_buffer.append", "audio": 5}', "invalid_type", "audio"),
    ('{"type": "input_audio_buffer.commit", "now": true}', "unknown_parameter", "now"),
    (
        '{"type": "input_audio_buffer.commit", "event_id": "' + "x" * 513 + '"}',
        "string_above_max_length",
        "event_id",
    ),
    ('{"type": "output_audio_buffer.clear"}', "invalid_event", None),
    ('{"type": "response.cancel"}', "response_cancel_not_active", None),
    ('{"type": "response.cancel", "response_id": "resp_x"}', "response_cancel_not_active", None),
]


@pytest.mark.parametrize(("frame", "code", "param"), FRAMES, ids=[frame[:50] for frame, *_ in FRAMES])
def test_a_bad_frame_gets_its_error_and_the_session_goes_on(frame: str, code: str, param: str | None) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            talk.session.handle(frame)
            error = talk.events[-1]["error"]
            assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
            assert talk.send("input_audio_buffer.clear")[0]["type"] == "input_audio_buffer.cleared"

    scene()


ITEMS: list[tuple[Json, str, str]] = [
    ({"type": "mcp_call"}, "invalid_value", "item.type"),
    ({"type": "message"}, "missing_required_parameter", "item.role"),
    ({"type": "message", "role": "robot", "content": []}, "invalid_value", "item.role"),
    ({"type": "message", "role": "user"}, "missing_required_parameter", "item.content"),
    (message("user", type="input_text"), "missing_required_parameter", "item.content[0].text"),
    (message("user", type="output_text", text="a"), "invalid_value", "item.content[0].type"),
    (message("user", type="input_audio"), "missing_required_parameter", "item.content[0].audio"),
    (message("user", type="input_audio", audio="@"), "invalid_value", "item.content[0].audio"),
    (message("user", type="input_audio", audio="AAAA"), "invalid_value", "item.content[0].audio"),
    (message("system", type="input_audio", audio=""), "invalid_value", "item.content[0].type"),
    (message("assistant", type="output_audio"), "missing_required_parameter", "item.content[0].text"),
    ({**USER, "id": "x" * 33}, "string_above_max_length", "item.id"),
    ({"type": "function_call", "name": "a"}, "missing_required_parameter", "item.arguments"),
    (
        {"type": "function_call", "name": "a", "arguments": "", "call_id": "ä"},
        "invalid_value",
        "item.call_id",
    ),
    ({"type": "function_call_output", "output": ""}, "missing_required_parameter", "item.call_id"),
    ({"type": "function_call_output", "call_id": "c"}, "missing_required_parameter", "item.output"),
    ({"type": "function_call_output", "call_id": "c", "output": ""}, "invalid_tool_call_id", "item.call_id"),
]


@pytest.mark.parametrize(("item", "code", "param"), ITEMS)
def test_a_bad_item_is_refused(item: Json, code: str, param: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            error = talk.refusal("conversation.item.create", item=item)
            assert (error["code"], error["param"]) == (code, param)

    scene()


@asynchronous
async def test_a_commit_makes_an_item_and_no_response() -> None:
    async with talking() as talk:
        talk.configure()
        assert talk.send("input_audio_buffer.append", audio=SECOND_OF_SILENCE) == []
        committed, added, done = talk.send("input_audio_buffer.commit")
        assert committed["type"] == "input_audio_buffer.committed"
        assert committed["previous_item_id"] is None
        assert (added["type"], done["type"]) == ("conversation.item.added", "conversation.item.done")
        assert added["item"] == done["item"]
        assert added["item"]["id"] == committed["item_id"]
        assert added["item"]["content"] == [{"type": "input_audio", "transcript": None}]
        assert "response.created" not in talk.names()


@pytest.mark.parametrize(("held_bytes", "told"), [(0, "0.00ms"), (4798, "99.96ms")])
def test_a_commit_of_less_than_100_ms_is_refused(held_bytes: int, told: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            talk.configure()
            talk.send("input_audio_buffer.append", audio=base64.b64encode(bytes(held_bytes)).decode())
            error = talk.refusal("input_audio_buffer.commit")
            assert error["code"] == "input_audio_buffer_commit_empty"
            assert error["message"] == (
                "Error committing input audio buffer: buffer too small. "
                f"Expected at least 100ms of audio, but buffer only has {told} of audio."
            )
            talk.send("input_audio_buffer.append", audio=base64.b64encode(bytes(4800 - held_bytes)).decode())
            assert talk.send("input_audio_buffer.commit")[0]["type"] == "input_audio_buffer.committed"

    scene()


@asynchronous
async def test_a_cleared_buffer_is_empty() -> None:
    async with talking() as talk:
        talk.configure()
        talk.send("input_audio_buffer.append", audio=SECOND_OF_SILENCE)
        assert [event["type"] for event in talk.send("input_audio_buffer.clear")] == [
            "input_audio_buffer.cleared"
        ]
        assert talk.refusal("input_audio_buffer.commit")["code"] == "input_audio_buffer_commit_empty"


@asynchronous
async def test_the_buffer_has_an_end() -> None:
    async with talking() as talk:
        talk.configure()
        minute = base64.b64encode(bytes(60 * 2 * RATE_HZ)).decode()
        for _ in range(MAX_BUFFER_S // 60):
            assert talk.send("input_audio_buffer.append", audio=minute) == []
        assert talk.refusal("input_audio_buffer.append", audio=SECOND_OF_SILENCE)["code"] == "invalid_value"


def place(talk: Talk, item_id: str, **where: str) -> str | None:
    """Create a user message; the id of the item before it."""
    added, done = talk.send("conversation.item.create", item={**USER, "id": item_id}, **where)
    assert added["previous_item_id"] == done["previous_item_id"]
    previous: str | None = added["previous_item_id"]
    return previous


@asynchronous
async def test_items_go_to_the_end_the_beginning_or_behind_another() -> None:
    async with talking() as talk:
        assert place(talk, "a") is None
        assert place(talk, "b") == "a"
        assert place(talk, "c", previous_item_id="") == "b"
        assert place(talk, "d", previous_item_id="root") is None
        assert place(talk, "e", previous_item_id="a") == "a"
        assert place(talk, "f", previous_item_id="d") == "d"
        error = talk.refusal("conversation.item.create", item=USER, previous_item_id="nobody")
        assert (error["code"], error["param"]) == ("invalid_value", "previous_item_id")


@asynchronous
async def test_a_retrieved_item_brings_its_sound() -> None:
    async with talking() as talk:
        talk.configure()
        talk.send("input_audio_buffer.append", audio=SECOND_OF_SILENCE)
        item_id = talk.send("input_audio_buffer.commit")[0]["item_id"]
        (event,) = talk.send("conversation.item.retrieve", item_id=item_id)
        (part,) = event["item"]["content"]
        assert part["audio"] == SECOND_OF_SILENCE
        assert part["format"] == {"type": "audio/pcm", "rate": 24000}
        assert "audio" not in talk.events[-3]["item"]["content"][0]


@asynchronous
async def test_deleted_and_unknown_items() -> None:
    async with talking() as talk:
        place(talk, "a")
        (deleted,) = talk.send("conversation.item.delete", item_id="a")
        assert (deleted["type"], deleted["item_id"]) == ("conversation.item.deleted", "a")
        for verb, doing in (("delete", "deleting"), ("retrieve", "retrieving")):
            error = talk.refusal(f"conversation.item.{verb}", item_id="a")
            assert error["code"] == f"item_{verb}_invalid_item_id"
            assert error["message"] == f"Error {doing} item: the item with id 'a' does not exist."


@asynchronous
async def test_truncation_cuts_the_sound_and_drops_the_words() -> None:
    async with talking() as talk:
        talk.configure()
        item = (await talk.type("what can you do"))["output"][0]
        (before,) = talk.send("conversation.item.retrieve", item_id=item["id"])
        full_ms = len(base64.b64decode(before["item"]["content"][0]["audio"])) // 48
        cut = {"item_id": item["id"], "content_index": 0}
        assert talk.refusal("conversation.item.truncate", **cut, audio_end_ms=full_ms + 1)["message"] == (
            f"Audio content of {full_ms}ms is already shorter than {full_ms + 1}ms"
        )
        (event,) = talk.send("conversation.item.truncate", **cut, audio_end_ms=120)
        assert (event["type"], event["audio_end_ms"]) == ("conversation.item.truncated", 120)
        (after,) = talk.send("conversation.item.retrieve", item_id=item["id"])
        part = after["item"]["content"][0]
        assert len(base64.b64decode(part["audio"])) == 120 * 48
        assert part.get("transcript") is None
        assert talk.refusal("conversation.item.truncate", **cut, audio_end_ms=-1)["code"] == "invalid_value"


@asynchronous
async def test_only_spoken_answers_can_be_truncated() -> None:
    async with talking() as talk:
        place(talk, "typed")
        cut = {"content_index": 0, "audio_end_ms": 0}
        error = talk.refusal("conversation.item.truncate", item_id="typed", **cut)
        assert error["message"] == "Only model output audio messages can be truncated"
        error = talk.refusal("conversation.item.truncate", item_id="nobody", **cut)
        assert error["code"] == "item_truncate_invalid_item_id"


@asynchronous
async def test_the_oldest_items_go_when_there_is_too_much() -> None:
    async with talking() as talk:
        big = message("user", type="input_text", text="x" * (MAX_BYTES // 3))
        for name in ("a", "b", "c", "d"):
            talk.send("conversation.item.create", item={**big, "id": name})
        assert (
            talk.refusal("conversation.item.retrieve", item_id="a")["code"] == "item_retrieve_invalid_item_id"
        )
        assert (
            talk.send("conversation.item.retrieve", item_id="d")[0]["type"] == "conversation.item.retrieved"
        )
