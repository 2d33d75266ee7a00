"""What session.update takes, merges and refuses; the ear and the voice are scripted."""

from __future__ import annotations

import time
from typing import Any

import pytest

from daemon.realtime.events import Json
from tests.brain.talk import Talk, asynchronous, talking


def updated(talk: Talk, **session: Any) -> Json:
    """Update the session; the configuration after it."""
    (event,) = talk.send("session.update", session={"type": "realtime", **session})
    assert event["type"] == "session.updated", event
    effective: Json = event["session"]
    return effective


@asynchronous
async def test_the_first_event_tells_the_whole_configuration() -> None:
    async with talking(max_session_s=600) as talk:
        session = talk.events[0]["session"]
    assert talk.events[0]["type"] == "session.created"
    assert session["id"].startswith("sess_")
    assert session["object"] == "realtime.session"
    assert 0 <= session["expires_at"] - time.time() - 600 + 1 < 5
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "marin",
        "speed": 1.0,
    }
    assert {"tools", "tool_choice", "instructions", "max_output_tokens", "truncation"} < session.keys()


@asynchronous
async def test_audio_merges_leaf_by_leaf_and_the_rest_is_replaced() -> None:
    async with talking() as talk:
        vad = {"type": "server_vad", "silence_duration_ms": 700, "threshold": 0.3}
        updated(talk, audio={"input": {"turn_detection": vad}, "output": {"speed": 1.2}})
        session = updated(talk, audio={"input": {"turn_detection": {"type": "server_vad"}}})
        assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
        assert session["audio"]["output"]["speed"] == 1.2
        hearing = {"model": "whisper-1", "language": "en"}
        updated(talk, audio={"input": {"transcription": hearing}})
        session = updated(talk, audio={"input": {"transcription": {"model": "gpt-transcribe"}}})
        assert session["audio"]["input"]["transcription"] == {"model": "gpt-transcribe", "language": "en"}
        tool = {"type": "function", "name": "one", "description": "", "parameters": {}}
        assert updated(talk, tools=[tool])["tools"] == [tool]
        assert updated(talk, instructions="Be brief.")["tools"] == [tool]
        assert updated(talk, tools=[])["tools"] == []
        assert updated(talk)["instructions"] == "Be brief."
        assert updated(talk, audio={"input": {"turn_detection": None}})["audio"]["input"] == {
            "format": {"type": "audio/pcm", "rate": 24000},
            "noise_reduction": None,
            "transcription": {"model": "gpt-transcribe", "language": "en"},
            "turn_detection": None,
        }


REFUSED: list[tuple[Json, str, str]] = [
    ({}, "missing_required_parameter", "session.type"),
    ({"type": "translation"}, "invalid_value", "session.type"),
    ({"type": "transcription"}, "unknown_parameter", "session.tool_choice"),
    ({"type": "realtime", "temperature": 1}, "unknown_parameter", "session.temperature"),
    ({"type": "realtime", "voice": "marin"}, "unknown_parameter", "session.voice"),
    ({"type": "realtime", "audio": {"input": {"x": 1}}}, "unknown_parameter", "session.audio.input.x"),
    ({"type": "realtime", "instructions": 5}, "invalid_type", "session.instructions"),
    ({"type": "realtime", "audio": {"output": {"voice": 5}}}, "invalid_type", "session.audio.output.voice"),
    ({"type": "realtime", "audio": {"output": {"speed": 2}}}, "invalid_value", "session.audio.output.speed"),
    (
        {"type": "realtime", "output_modalities": ["audio", "text"]},
        "invalid_value",
        "session.output_modalities",
    ),
    ({"type": "realtime", "output_modalities": []}, "invalid_value", "session.output_modalities"),
    ({"type": "realtime", "tools": [{"type": "web_search"}]}, "invalid_value", "session.tools[0].type"),
    (
        {"type": "realtime", "tools": [{"type": "mcp"}]},
        "missing_required_parameter",
        "session.tools[0].server_label",
    ),
    (
        {"type": "realtime", "tools": [{"type": "function"}]},
        "missing_required_parameter",
        "session.tools[0].name",
    ),
    ({"type": "realtime", "max_output_tokens": 5000}, "invalid_value", "session.max_output_tokens"),
    (
        {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "client_vad"}}}},
        "invalid_value",
        "session.audio.input.turn_detection.type",
    ),
    (
        {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
        "invalid_value",
        "session.audio.input.format.rate",
    ),
]


@pytest.mark.parametrize(("session", "code", "param"), REFUSED)
def test_one_fault_refuses_the_whole_update(session: Json, code: str, param: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            error = talk.refusal("session.update", session={"tool_choice": "none", **session})
            assert (error["code"], error["param"]) == (code, param)
            assert updated(talk)["tool_choice"] == "auto"

    scene()


@asynchronous
async def test_the_voice_is_fixed_once_it_was_heard() -> None:
    async with talking() as talk:
        talk.configure()
        assert updated(talk, audio={"output": {"voice": "cedar"}})["audio"]["output"]["voice"] == "cedar"
        await talk.type("what can you do")
        error = talk.refusal(
            "session.update", session={"type": "realtime", "tools": [], "audio": {"output": {"voice": "ash"}}}
        )
        assert error["code"] == "cannot_update_voice"
        same = updated(talk, audio={"output": {"voice": "cedar"}})
        assert len(same["tools"]) == 2


@asynchronous
async def test_written_answers_leave_the_voice_free() -> None:
    async with talking() as talk:
        talk.configure(output_modalities=["text"])
        await talk.type("what can you do")
        assert updated(talk, audio={"output": {"voice": "ash"}})["audio"]["output"]["voice"] == "ash"
