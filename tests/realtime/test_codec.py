"""Whatever a server sends: events where they can be had, junk where not, never an exception."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.realtime import events as wire
from daemon.realtime.codec import BETA_NAMES, UndecodableFrame, decode_client, decode_server, encode

DELTA = "response.output_audio.delta"


def decode(event: Any) -> Any:
    return decode_server(json.dumps(event))


def test_every_event_survives_the_way_there_and_back() -> None:
    for kind in wire.SERVER_EVENTS:
        needs: dict[str, Any] = {
            "item": wire.Item(),
            "response": wire.Response(),
            "part": wire.Content(),
            "error": wire.ErrorDetail(),
        }
        event = kind(**{name: value for name, value in needs.items() if name in kind.__struct_fields__})
        back = decode_server(encode(event))
        assert isinstance(back, kind)
        assert encode(back) == encode(event)
    for kind in wire.ClientEvents.__args__:
        event = kind(**({"item": wire.Item()} if kind is wire.ItemCreate else {}))
        assert decode_client(encode(event)) == event


def test_the_counts_of_the_api_reference() -> None:
    assert len(wire.ClientEvents.__args__) == 11
    assert len(wire.SERVER_EVENTS) == 46


@pytest.mark.parametrize(
    ("text", "audio"),
    [
        ("AQID", b"\1\2\3"),
        ("AQI", b"\1\2"),
        ("AQ==", b"\1"),
        ("A Q\nI=", b"\1\2"),
        ("", b""),
        (None, b""),
        (5, b""),
        ("A", b""),
    ],
)
def test_audio_with_bad_manners(text: Any, audio: bytes) -> None:
    event = decode({"type": DELTA, "delta": text, "item_id": None, "output_index": "x"})
    assert isinstance(event, wire.OutputAudioDelta)
    assert event.delta == audio


@pytest.mark.parametrize("coded", ["utf-8", "text"])
def test_a_mark_of_the_byte_order_before_an_event_costs_nothing(coded: str) -> None:
    frame = '\ufeff{"type":"session.created","session":{"id":"s"}}\r\n'
    event = decode_server(frame.encode() if coded == "utf-8" else frame)
    assert isinstance(event, wire.SessionCreated)
    assert event.session == {"id": "s"}


@pytest.mark.parametrize("name", BETA_NAMES)
def test_beta_names_are_mapped(name: str) -> None:
    assert not isinstance(decode({"type": name, "session": {}, "delta": "AAAA"}), UndecodableFrame)


def test_nulls_wrong_types_and_unknown_fields_cost_only_themselves() -> None:
    event = decode(
        {
            "type": "response.done",
            "surprise": {"a": 1},
            "response": {
                "id": "r",
                "status": "completed",
                "usage": {"total_tokens": "many", "input_tokens": 3, "input_token_details": None},
                "output": [
                    None,
                    {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}", "status": 7},
                    {"type": "message", "content": [{"type": "output_audio", "transcript": None}]},
                ],
            },
        }
    )
    assert isinstance(event, wire.ResponseDone)
    assert event.response.id == "r"
    assert event.response.usage is not None
    assert event.response.usage.input_tokens == 3
    assert [item.type for item in event.response.output] == ["function_call", "message"]
    assert event.response.output[0].call_id == "c"


def test_the_code_of_an_error_may_stand_in_its_type() -> None:
    event = decode({"type": "error", "error": {"type": "session_limit_reached", "code": None}})
    assert isinstance(event, wire.Error)
    assert event.error.reason == "session_limit_reached"


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"nope",
        b"[1]",
        b"5",
        b"null",
        b"{}",
        b'{"type":7}',
        b'{"type":"new.event"}',
        b'{"type":"error"}',
        b'{"type":"session.created","session":NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"type":"session.created","session":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    ],
)
def test_junk_is_junk(frame: bytes) -> None:
    event = decode_server(frame)
    assert isinstance(event, UndecodableFrame | wire.SessionCreated)


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)
FIELDS = st.sampled_from(["item", "response", "delta", "session", "error", "item_id", "part", "rate_limits"])
NAMES = st.sampled_from([kind.__struct_config__.tag for kind in wire.SERVER_EVENTS])


@given(NAMES, st.dictionaries(FIELDS, VALUES, max_size=4))
def test_nothing_a_server_sends_raises(name: str, fields: dict[str, Any]) -> None:
    decode_server(json.dumps({"type": name, **fields}))


@given(st.binary(max_size=200))
def test_no_bytes_raise(frame: bytes) -> None:
    decode_server(frame)


@given(st.binary(max_size=500))
def test_audio_is_exact(pcm: bytes) -> None:
    frame = encode(wire.AudioAppend(audio=pcm))
    assert base64.b64decode(json.loads(frame)["audio"]) == pcm
