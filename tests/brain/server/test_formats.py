"""PCM16 and both laws of G.711, in both directions: the same turns, the same milliseconds."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from daemon.audio import g711
from daemon.audio.resampler import Resampler
from daemon.brain.server.engine_pool import RECOGNIZER_HZ
from daemon.brain.server.formats import PCM16, PCMA, PCMU, WireFormat, in_whole_ms, recoded, resampled
from daemon.brain.server.vad import FRAME_MS
from daemon.realtime.events import RATE_HZ, Json
from hardware.ports import Mono
from tests.brain.scripted import TONE_HZ, ScriptedEar
from tests.brain.server.test_turn_detection import CLIPS, spoken
from tests.brain.talk import Talk, asynchronous, calls, talking

FORMATS = [PCM16, PCMU, PCMA]
every_format = pytest.mark.parametrize("format", FORMATS, ids=lambda each: each.type)
LAMP_ON = ("set_device", {"device": "lamp", "state": "on"})

# Printed in ITU-T G.711, tables 1 and 2: the ends, the middle, and a value on each side of it.
MU = {0: 0xFF, -1: 0x7E, 8: 0xFE, -8: 0x7E, 1000: 0xCE, -1000: 0x4E, 32767: 0x80, -32768: 0x00}
A = {0: 0xD5, -1: 0x55, 8: 0xD5, -16: 0x55, 1000: 0xFA, -1000: 0x7A, 32767: 0xAA, -32768: 0x2A}


@pytest.mark.parametrize(("law", "known"), [("mu", MU), ("a", A)])
def test_known_values_have_the_bytes_of_the_standard(law: g711.Law, known: dict[int, int]) -> None:
    values = np.array(list(known), np.int16)
    assert g711.compress(values, law) == bytes(known.values())


@pytest.mark.parametrize(("law", "quietest", "loudest"), [("mu", 0, 32124), ("a", 8, 32256)])
def test_each_byte_comes_back_as_it_was(law: g711.Law, quietest: int, loudest: int) -> None:
    every = bytes(range(256))
    values = g711.expand(every, law)
    assert np.abs(values.astype(int)).min() == quietest
    assert np.abs(values.astype(int)).max() == loudest
    back = g711.compress(values, law)
    # Both bytes of the mu-law's two zeros stand for 0.
    assert [byte for byte, came in zip(every, back, strict=True) if byte != came] == (
        [0x7F] if law == "mu" else []
    )


@pytest.mark.parametrize("law", ["mu", "a"])
def test_every_value_becomes_one_close_by_and_louder_stays_louder(law: g711.Law) -> None:
    values = np.arange(-32_768, 32_768).astype(np.int16)
    back = g711.expand(g711.compress(values, law), law).astype(int)
    assert (np.diff(back) >= 0).all()
    assert (np.abs(back - values) <= np.maximum(16, np.abs(values.astype(int)) / 16 + 8)).mean() > 0.98


def tone(seconds: float, rate_hz: int, hz: float = TONE_HZ) -> Mono:
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def pitch_hz(samples: Mono, rate_hz: int) -> float:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate_hz / len(samples)


@every_format
@pytest.mark.parametrize("other", FORMATS, ids=lambda each: each.type)
def test_a_sound_lasts_as_long_in_every_format_and_has_its_pitch(
    format: WireFormat, other: WireFormat
) -> None:
    sound = in_whole_ms(tone(0.5, format.rate_hz), format)
    assert format.ms(sound) == 500
    changed = recoded(sound, format, other)
    assert len(changed) == 500 * other.bytes_per_ms
    assert abs(pitch_hz(other.samples(changed), other.rate_hz) - TONE_HZ) < 3
    heard = resampled(sound, format, RECOGNIZER_HZ)
    assert abs(pitch_hz(heard, RECOGNIZER_HZ) - TONE_HZ) < 3
    assert abs(float(np.sqrt(np.mean(heard**2))) - 0.3 / np.sqrt(2)) < 0.02


def at_rate(sound: Mono, format: WireFormat) -> bytes:
    """A sound of 24 kHz in this format."""
    return in_whole_ms(Resampler(RATE_HZ, format.rate_hz).process(sound), format)


def use(talk: Talk, format: WireFormat, detection: Json | None = None) -> None:
    """A session in this format, both ways."""
    audio = {
        "input": {"format": format.echo(), "turn_detection": detection},
        "output": {"format": format.echo()},
    }
    talk.configure(audio=audio)
    told = talk.events[-1]["session"]["audio"]
    assert told["input"]["format"] == told["output"]["format"] == format.echo()


def append(talk: Talk, sound: bytes, step: int = 997) -> None:
    """Append in pieces of an awkward size."""
    for start in range(0, len(sound), step):
        talk.send("input_audio_buffer.append", audio=base64.b64encode(sound[start : start + step]).decode())


@every_format
@asynchronous
async def test_a_push_to_talk_turn_is_heard_as_long_as_it_was(format: WireFormat) -> None:
    ear = ScriptedEar(["turn on the lamp"])
    async with talking(ear=ear) as talk:
        use(talk, format)
        append(talk, in_whole_ms(tone(1.5, format.rate_hz), format))
        talk.send("input_audio_buffer.commit")
        assert calls(await talk.answer()) == [LAMP_ON]
        assert abs(ear.utterances_s[0] - 1.5) < 0.01


@every_format
@asynchronous
async def test_too_little_is_counted_in_the_sessions_format(format: WireFormat) -> None:
    async with talking() as talk:
        use(talk, format)
        append(talk, bytes(99 * format.bytes_per_ms))
        message = talk.refusal("input_audio_buffer.commit")["message"]
        assert "buffer only has 99.00ms of audio" in message
        append(talk, bytes(format.bytes_per_ms))
        assert talk.send("input_audio_buffer.commit")[0]["type"] == "input_audio_buffer.committed"


@every_format
@asynchronous
async def test_what_was_said_is_retrieved_byte_by_byte(format: WireFormat) -> None:
    sound = in_whole_ms(tone(0.7, format.rate_hz), format)
    async with talking() as talk:
        use(talk, format)
        append(talk, sound)
        item_id = talk.send("input_audio_buffer.commit")[0]["item_id"]
        (event,) = talk.send("conversation.item.retrieve", item_id=item_id)
        (part,) = event["item"]["content"]
        assert base64.b64decode(part["audio"]) == sound
        assert part["format"] == format.echo()


@every_format
@asynchronous
async def test_the_answer_comes_in_the_sessions_format_and_is_cut_at_its_milliseconds(
    format: WireFormat,
) -> None:
    async with talking() as talk:
        use(talk, format)
        done = await talk.type("what can you do")
        deltas = [event["delta"] for event in talk.events if event["type"] == "response.output_audio.delta"]
        sound = b"".join(map(base64.b64decode, deltas))
        assert len(sound) % format.bytes_per_ms == 0
        assert abs(pitch_hz(format.samples(sound), format.rate_hz) - TONE_HZ) < 3
        assert done["audio"]["output"]["format"] == format.echo()
        assert done["usage"]["output_token_details"]["audio_tokens"] == -(-format.ms(sound) // 50)
        item = {"item_id": done["output"][0]["id"], "content_index": 0}
        whole_ms = format.ms(sound)
        beyond = talk.refusal("conversation.item.truncate", **item, audio_end_ms=whole_ms + 1)
        assert beyond["message"] == f"Audio content of {whole_ms}ms is already shorter than {whole_ms + 1}ms"
        (cut,) = talk.send("conversation.item.truncate", **item, audio_end_ms=whole_ms)
        assert (cut["type"], cut["audio_end_ms"]) == ("conversation.item.truncated", whole_ms)
        talk.send("conversation.item.truncate", **item, audio_end_ms=321)
        (kept,) = talk.send("conversation.item.retrieve", item_id=item["item_id"])
        (part,) = kept["item"]["content"]
        assert base64.b64decode(part["audio"]) == sound[: 321 * format.bytes_per_ms]
        assert part["format"] == format.echo()


@asynchronous
async def test_the_voice_says_the_same_in_every_format() -> None:
    lengths = set()
    for format in FORMATS:
        async with talking() as talk:
            use(talk, format)
            await talk.type("what can you do")
            deltas = [each["delta"] for each in talk.events if each["type"] == "response.output_audio.delta"]
            lengths.add(format.ms(b"".join(map(base64.b64decode, deltas))))
    assert len(lengths) == 1


@every_format
@asynchronous
async def test_voice_detection_finds_the_same_turn_in_every_format(format: WireFormat) -> None:
    found = {}
    for each in {PCM16, format}:
        async with talking("turn on the lamp") as talk:
            use(talk, each, {"type": "server_vad", "prefix_padding_ms": 300, "silence_duration_ms": 500})
            append(talk, at_rate(spoken(CLIPS[0], 1.0, 0.001)[0], each))
            assert calls((await talk.until("response.done"))["response"]) == [LAMP_ON]
            events = {event["type"]: event for event in talk.events}
            started, stopped = (
                events[f"input_audio_buffer.speech_{edge}"] for edge in ("started", "stopped")
            )
            (item,) = talk.send("conversation.item.retrieve", item_id=started["item_id"])
            kept_ms = each.ms(base64.b64decode(item["item"]["content"][0]["audio"]))
            assert abs(kept_ms - (stopped["audio_end_ms"] - started["audio_start_ms"])) <= FRAME_MS
            found[each] = started["audio_start_ms"], stopped["audio_end_ms"]
    for edge in range(2):
        assert abs(found[format][edge] - found[PCM16][edge]) <= 100


@asynchronous
async def test_one_way_may_be_of_another_format_than_the_other() -> None:
    async with talking("turn on the lamp") as talk:
        talk.configure(audio={"input": {"turn_detection": None, "format": PCMU.echo()}})
        assert talk.events[-1]["session"]["audio"]["output"]["format"] == PCM16.echo()
        append(talk, in_whole_ms(tone(1, PCMU.rate_hz), PCMU))
        talk.send("input_audio_buffer.commit")
        done = await talk.answer()
        assert done["audio"]["output"]["format"] == PCM16.echo()


@asynchronous
async def test_one_response_may_be_of_another_format_than_the_session() -> None:
    async with talking() as talk:
        talk.configure()
        done = await talk.type("what can you do", audio={"output": {"format": PCMA.echo()}})
        assert done["audio"]["output"]["format"] == PCMA.echo()
        (kept,) = talk.send("conversation.item.retrieve", item_id=done["output"][0]["id"])
        assert kept["item"]["content"][0]["format"] == PCMA.echo()
        assert (await talk.type("what can you do"))["audio"]["output"]["format"] == PCM16.echo()


@asynchronous
async def test_a_change_of_format_keeps_what_is_in_the_buffer() -> None:
    async with talking() as talk:
        use(talk, PCM16)
        append(talk, in_whole_ms(tone(0.25, PCM16.rate_hz), PCM16))
        use(talk, PCMU)
        append(talk, in_whole_ms(tone(0.25, PCMU.rate_hz), PCMU))
        item_id = talk.send("input_audio_buffer.commit")[0]["item_id"]
        (event,) = talk.send("conversation.item.retrieve", item_id=item_id)
        assert len(base64.b64decode(event["item"]["content"][0]["audio"])) == 500 * PCMU.bytes_per_ms


@asynchronous
async def test_sound_in_an_item_is_in_the_sessions_format() -> None:
    ear = ScriptedEar(["turn on the lamp"])
    async with talking(ear=ear) as talk:
        use(talk, PCMU)
        sound = base64.b64encode(in_whole_ms(tone(1, PCMU.rate_hz), PCMU)[:-1]).decode()
        item: Any = {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": sound}]}
        talk.send("conversation.item.create", item=item)
        assert calls(await talk.answer()) == [LAMP_ON]
        assert abs(ear.utterances_s[0] - 1.0) < 0.01


@asynchronous
async def test_an_answer_under_way_keeps_its_format() -> None:
    async with talking() as talk:
        use(talk, PCMU)
        content = [{"type": "input_text", "text": "what can you do"}]
        talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        talk.send("response.create")
        await talk.until("response.output_audio.delta")
        use(talk, PCM16)
        await talk.until("response.done")
        deltas = [each["delta"] for each in talk.events if each["type"] == "response.output_audio.delta"]
        sound = b"".join(map(base64.b64decode, deltas))
        assert abs(pitch_hz(PCMU.samples(sound), PCMU.rate_hz) - TONE_HZ) < 3


@pytest.mark.parametrize(
    ("format", "code", "param"),
    [
        ({"type": "audio/opus"}, "invalid_value", "session.audio.input.format.type"),
        ({"type": "audio/pcm", "rate": 8000}, "invalid_value", "session.audio.input.format.rate"),
        ({"type": "audio/pcmu", "rate": 24000}, "invalid_value", "session.audio.input.format.rate"),
        ("g711_ulaw", "invalid_type", "session.audio.input.format"),
    ],
)
def test_a_format_that_there_is_not_is_refused(format: Any, code: str, param: str) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking() as talk:
            session = {"type": "realtime", "audio": {"input": {"format": format}}}
            error = talk.refusal("session.update", session=session)
            assert (error["code"], error["param"]) == (code, param)

    scene()


@asynchronous
async def test_a_rate_that_g711_has_anyway_may_be_named() -> None:
    async with talking() as talk:
        named = {"input": {"format": {"type": "audio/pcmu", "rate": 8000}}}
        (updated,) = talk.send("session.update", session={"type": "realtime", "audio": named})
        assert updated["session"]["audio"]["input"]["format"] == PCMU.echo()
