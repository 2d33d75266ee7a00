"""Sessions that only write down what is said. The ear is scripted."""

from __future__ import annotations

import json

import pytest
import websockets

from tests.brain.scripted import ScriptedEar, serving
from tests.brain.server.test_turn_detection import CLIPS, spoken, stream
from tests.brain.talk import SECOND_OF_SILENCE, asynchronous, calls, talking

PUSHED = {"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}}


@asynchronous
async def test_what_is_said_is_written_down_and_never_answered() -> None:
    async with talking("turn on the lamp") as talk:
        (updated,) = talk.send("session.update", session={"type": "transcription", "audio": PUSHED})
        session = updated["session"]
        assert (session["type"], session["object"]) == ("transcription", "realtime.transcription_session")
        assert session["id"].startswith("sess_")
        assert set(session) == {"type", "object", "id", "expires_at", "audio", "include"}
        assert set(session["audio"]) == {"input"}
        talk.send("input_audio_buffer.append", audio=SECOND_OF_SILENCE)
        item_id = talk.send("input_audio_buffer.commit")[0]["item_id"]
        told = await talk.until("conversation.item.input_audio_transcription.completed")
        assert (told["item_id"], told["transcript"]) == (item_id, "turn on the lamp")
        assert told["usage"] == {"type": "duration", "seconds": 1.0}
        refused = talk.refusal("response.create")
        assert refused["message"] == "A transcription session makes no responses."


@asynchronous
async def test_voice_detection_ends_turns_and_makes_no_response() -> None:
    async with talking("turn on the lamp") as talk:
        detection = {"input": {"turn_detection": {"type": "server_vad"}}}
        talk.send("session.update", session={"type": "transcription", "audio": detection})
        stream(talk, spoken(CLIPS[0], 1.0, 0.001)[0])
        told = await talk.until("conversation.item.input_audio_transcription.completed")
        assert told["transcript"] == "turn on the lamp"
        assert "response.created" not in talk.names()


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"tools": []}, "session.tools"),
        ({"instructions": "a"}, "session.instructions"),
        ({"audio": {"output": {"voice": "marin"}}}, "session.audio.output"),
    ],
)
@asynchronous
async def test_what_belongs_to_answers_is_refused(session: dict[str, object], param: str) -> None:
    async with talking() as talk:
        error = talk.refusal("session.update", session={"type": "transcription", **session})
        assert (error["code"], error["param"]) == ("unknown_parameter", param)


@asynchronous
async def test_a_session_may_become_one_that_answers_and_keeps_what_was_set() -> None:
    async with talking() as talk:
        talk.configure()
        talk.send("session.update", session={"type": "transcription"})
        (updated,) = talk.send("session.update", session={"type": "realtime"})
        assert len(updated["session"]["tools"]) == 2
        assert calls(await talk.type("turn on the lamp"))


@asynchronous
async def test_the_url_may_ask_for_it() -> None:
    async with serving(ScriptedEar()) as url, websockets.connect(f"{url}?intent=transcription") as connection:
        session = json.loads(await connection.recv())["session"]
        assert (session["type"], session["object"]) == ("transcription", "realtime.transcription_session")
