"""Responses: what is answered, in which order of events, and how it ends. The ear is scripted."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.nlu.grammar import Intent, Meaning
from daemon.brain.server import dialogue
from tests.brain.scripted import ScriptedEar
from tests.brain.talk import SECOND_OF_SILENCE, Talk, asynchronous, calls, talking, words

LAMP_ON = ("set_device", {"device": "lamp", "state": "on"})
FAN_ON = ("set_device", {"device": "fan", "state": "on"})
UNSURE = Recognition("turn on the lamp", Meaning("calls", (Intent(*LAMP_ON),), "the lamp, on"), "ask")


@asynchronous
async def test_a_spoken_answer_has_every_event_in_the_documented_order() -> None:
    async with talking("what can you do") as talk:
        talk.configure()
        done = await talk.say()
        start = talk.names().index("response.created")
        order = list(dict.fromkeys(talk.names()[start:]))
        assert order == [
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.output_audio_transcript.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
        assert done["status"] == "completed"
        assert done["status_details"] is None
        assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": words(done)}]


@asynchronous
async def test_the_words_run_ahead_of_the_voice() -> None:
    async with talking() as talk:
        talk.configure()
        await talk.type("mumble")
        told, heard_ms = 0, 0.0
        for event in talk.events:
            if event["type"] == "response.output_audio_transcript.delta":
                told += len(event["delta"])
            if event["type"] == "response.output_audio.delta":
                heard_ms += len(base64.b64decode(event["delta"])) / 48
                assert heard_ms <= told * 50


@asynchronous
async def test_several_devices_are_one_response_and_one_answer() -> None:
    async with talking("turn on the lamp and the fan") as talk:
        talk.configure()
        done = await talk.say()
        assert calls(done) == [LAMP_ON, FAN_ON]
        assert all(item["call_id"].startswith("call_") for item in done["output"])
        arguments = [
            event for event in talk.events if event["type"] == "response.function_call_arguments.done"
        ]
        assert [event["output_index"] for event in arguments] == [0, 1]
        assert await talk.tell(done, "The lamp is on.", "The fan is on.") == "The lamp and the fan are on."


@asynchronous
async def test_a_question_is_asked_back_and_yes_acts() -> None:
    async with talking(UNSURE, "yes", "yes") as talk:
        talk.configure()
        asked = await talk.say()
        assert calls(asked) == []
        assert words(asked) == "The lamp, on?"
        assert calls(await talk.say()) == [LAMP_ON]
        assert calls(await talk.say()) == []


@asynchronous
async def test_no_or_another_command_ends_the_question() -> None:
    async with talking(UNSURE, "no", "yes", UNSURE, "turn on the fan", "yes") as talk:
        talk.configure()
        await talk.say()
        assert words(await talk.say()) == dialogue.ALL_RIGHT
        assert calls(await talk.say()) == []
        await talk.say()
        done = await talk.say()
        assert calls(done) == [FAN_ON]
        await talk.tell(done, "The fan is on.")
        assert calls(await talk.say()) == []


@asynchronous
async def test_silence_is_never_an_action_and_leaves_the_question_open() -> None:
    async with talking(UNSURE, "", "yes") as talk:
        talk.configure()
        await talk.say()
        assert words(await talk.say()) == dialogue.NOTHING_HEARD
        assert calls(await talk.say()) == [LAMP_ON]


@asynchronous
async def test_a_second_refusal_in_a_row_is_short() -> None:
    async with talking("who won the race", "who won the race", "turn on the fan", "who won the race") as talk:
        talk.configure()
        first, second = await talk.say(), await talk.say()
        assert calls(first) == calls(second) == []
        assert words(first) == dialogue.REFUSED.format("turn on the lamp")
        assert words(second) == dialogue.REFUSED_AGAIN
        await talk.tell(await talk.say(), "The fan is on.")
        assert words(await talk.say()) == words(first)


@asynchronous
async def test_what_is_written_freely_acts_and_what_is_put_off_does_not() -> None:
    async with talking() as talk:
        talk.configure()
        assert calls(await talk.type("could we have the lamp on please")) == [LAMP_ON]
        assert calls(await talk.type("could we have the lamp on at seven please")) == []


@asynchronous
async def test_a_typed_turn_needs_no_ear() -> None:
    async with talking() as talk:
        talk.configure()
        assert calls(await talk.type("Turn on the lamp, please.")) == [LAMP_ON]


@asynchronous
async def test_a_response_while_a_tool_runs_does_not_call_it_again() -> None:
    async with talking() as talk:
        talk.configure()
        first = await talk.type("turn on the lamp")
        early = await talk.answer()
        assert (calls(early), words(early)) == ([], dialogue.STILL_UNDER_WAY)
        assert calls(first) == [LAMP_ON]


@asynchronous
async def test_an_empty_output_is_an_output() -> None:
    async with talking() as talk:
        talk.configure()
        assert await talk.tell(await talk.type("turn on the lamp"), "") == "Done."


@asynchronous
async def test_a_late_output_does_not_hide_the_newest_words() -> None:
    async with talking() as talk:
        talk.configure()
        first = await talk.type("turn on the lamp")
        content = [{"type": "input_text", "text": "turn on the fan"}]
        talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        call_id = first["output"][0]["call_id"]
        output = {"type": "function_call_output", "call_id": call_id, "output": "The lamp is on."}
        talk.send("conversation.item.create", item=output)
        assert calls(await talk.answer()) == [FAN_ON]


@asynchronous
async def test_tools_may_be_forbidden() -> None:
    async with talking() as talk:
        talk.configure()
        done = await talk.type("turn on the lamp", tool_choice="none")
        assert calls(done) == []
        assert "the lamp, on" in words(done)


@asynchronous
async def test_a_written_answer() -> None:
    async with talking() as talk:
        talk.configure(output_modalities=["text"])
        done = await talk.type("what can you do")
        assert done["output"][0]["content"][0]["type"] == "output_text"
        assert "lamp" in words(done)
        assert done["usage"]["output_token_details"]["audio_tokens"] == 0
        assert not [name for name in talk.names() if name.startswith("response.output_audio")]


@asynchronous
async def test_a_response_out_of_band_leaves_the_conversation_alone() -> None:
    async with talking() as talk:
        talk.configure()
        await talk.type("what can you do")
        before = [name for name in talk.names() if name.startswith("conversation.")]
        question = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "turn on the fan"}],
        }
        asked = {"conversation": "none", "input": [question], "metadata": {"purpose": "test"}}
        done = await talk.answer(output_modalities=["text"], **asked)
        assert calls(done) == [FAN_ON]
        assert done["conversation_id"] is None
        assert done["metadata"] == {"purpose": "test"}
        assert [name for name in talk.names() if name.startswith("conversation.")] == before


@asynchronous
async def test_input_may_refer_to_items_of_the_conversation() -> None:
    async with talking() as talk:
        talk.configure()
        content = [{"type": "input_text", "text": "turn on the lamp"}]
        item = {"id": "lamp", "type": "message", "role": "user", "content": content}
        talk.send("conversation.item.create", item=item)
        reference = [{"type": "item_reference", "id": "lamp"}]
        assert calls(await talk.answer(conversation="none", input=reference)) == [LAMP_ON]
        error = talk.refusal("response.create", response={"input": [{"type": "item_reference", "id": "x"}]})
        assert (error["code"], error["param"]) == ("invalid_value", "response.input[0].id")


@asynchronous
async def test_only_one_response_writes_to_the_conversation() -> None:
    async with talking() as talk:
        talk.configure()
        talk.send("response.create")
        running = talk.events[-1]["response"]["id"]
        error = talk.refusal("response.create")
        assert error["code"] == "conversation_already_has_active_response"
        assert running in error["message"]
        beside = talk.send("response.create", response={"conversation": "none"})
        assert [event["type"] for event in beside] == ["response.created"]
        assert (await talk.until("response.done"))["response"]["status"] == "completed"
        assert (await talk.until("response.done"))["response"]["status"] == "completed"
        assert talk.refusal("response.cancel")["code"] == "response_cancel_not_active"


async def _speaking(talk: Talk) -> Any:
    """Start a long answer and wait for its first sound."""
    talk.configure()
    content = [{"type": "input_text", "text": "what can you do"}]
    talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    talk.send("response.create")
    await talk.until("response.output_audio.delta")
    return talk.events[-1]["response_id"]


@asynchronous
async def test_cancel_ends_the_answer_at_once() -> None:
    async with talking() as talk:
        await _speaking(talk)
        assert talk.send("response.cancel")[-1]["type"] == "response.done"
        done = (await talk.until("response.done"))["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
        assert done["output"][0]["status"] == "incomplete"
        assert done["usage"]["output_tokens"] > 0
        before = len(talk.events)
        await asyncio.sleep(0.05)
        assert len(talk.events) == before
        assert calls(await talk.type("turn on the lamp")) == [LAMP_ON]


@asynchronous
async def test_cancel_by_id_spares_the_others() -> None:
    async with talking() as talk:
        response_id = await _speaking(talk)
        talk.send("response.create", response={"conversation": "none", "output_modalities": ["text"]})
        beside = talk.events[-1]["response"]["id"]
        done = talk.send("response.cancel", response_id=beside)[-1]["response"]
        assert (done["id"], done["status"]) == (beside, "cancelled")
        assert (await talk.until("response.done"))["response"]["id"] == beside
        done = (await talk.until("response.done"))["response"]
        assert (done["id"], done["status"]) == (response_id, "completed")


@asynchronous
async def test_too_few_tokens_leave_the_answer_incomplete() -> None:
    async with talking() as talk:
        talk.configure()
        for modality in ("audio", "text"):
            done = await talk.type("what can you do", max_output_tokens=12, output_modalities=[modality])
            assert (done["status"], done["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
            assert done["usage"]["output_tokens"] <= 12
        done = await talk.type("turn on the lamp", max_output_tokens=2)
        assert done["output"][0]["status"] == "incomplete"
        assert done["status"] == "incomplete"


@asynchronous
async def test_usage_adds_up_and_finds_the_conversation_cached() -> None:
    async with talking("what can you do", "what can you do") as talk:
        talk.configure()
        first, second = (await talk.say())["usage"], (await talk.say())["usage"]
        for usage in (first, second):
            assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
            details = usage["input_token_details"]
            assert usage["input_tokens"] == details["text_tokens"] + details["audio_tokens"]
            assert details["cached_tokens"] <= usage["input_tokens"]
        assert first["input_token_details"]["audio_tokens"] == 10
        assert first["input_token_details"]["cached_tokens"] == 0
        assert second["input_token_details"]["cached_tokens"] > 0


@asynchronous
async def test_the_user_reads_what_was_heard() -> None:
    async with talking("turn on the lamp", "") as talk:
        talk.configure(
            audio={"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}},
        )
        await talk.say()
        told = next(event for event in talk.events if event["type"].endswith("transcription.completed"))
        assert told["transcript"] == "turn on the lamp"
        assert told["usage"] == {"type": "duration", "seconds": 1.0}
        talk.send("input_audio_buffer.append", audio=SECOND_OF_SILENCE)
        item_id = talk.send("input_audio_buffer.commit")[0]["item_id"]
        told = await talk.until("conversation.item.input_audio_transcription.completed")
        assert (told["item_id"], told["transcript"]) == (item_id, "")


class DeafEar(ScriptedEar):
    """Fails at every utterance."""

    def recognize(self, *_: Any) -> Recognition:
        raise RuntimeError("The model file is damaged: install the package anew.")


@asynchronous
async def test_a_failing_ear_is_told_in_words_and_spares_the_session() -> None:
    talk = Talk(DeafEar())
    talk.configure(audio={"input": {"turn_detection": None, "transcription": {"model": "whisper-1"}}})
    done = await talk.say()
    assert (done["status"], words(done)) == ("completed", dialogue.CANNOT_HEAR)
    assert "conversation.item.input_audio_transcription.failed" in talk.names()
    assert calls(await talk.type("turn on the lamp")) == [LAMP_ON]
    talk.close()


@asynchronous
async def test_seeded_history_is_understood() -> None:
    async with talking() as talk:
        talk.configure()
        seeds: list[Any] = [
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Go on."}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "the lamp on"}]},
            {"type": "function_call", "name": "set_device", "arguments": "{}", "call_id": "old"},
            {"type": "function_call_output", "call_id": "old", "output": "The lamp is on."},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "It is on."}],
            },
        ]
        for seed in seeds:
            talk.send("conversation.item.create", item=seed)
        assert calls(await talk.type("turn on the fan")) == [FAN_ON]


@asynchronous
async def test_with_nothing_to_answer_it_offers_help() -> None:
    async with talking() as talk:
        talk.configure()
        assert words(await talk.answer()) == dialogue.NOTHING_TO_ANSWER


@asynchronous
async def test_a_recital_is_spoken_word_for_word_and_leaves_the_conversation_alone() -> None:
    async with talking() as talk:
        talk.configure()
        text = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Dinner is ready."}],
        }
        done = await talk.answer(conversation="none", input=[text], metadata={"purpose": "say"})
        assert words(done) == "Dinner is ready."
        assert "conversation.item.added" not in talk.names()
