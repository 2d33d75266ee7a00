"""Turns that the server ends itself: the voice detection on real clips, and the events of server_vad."""

from __future__ import annotations

import base64
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.audio.resampler import Resampler
from daemon.brain.server.settings import SemanticVad, ServerVad
from daemon.brain.server.turn_detection import Edge, TurnDetector, VoiceStarted, VoiceStopped
from daemon.realtime.events import RATE_HZ, Json
from tests.brain.talk import Talk, asynchronous, calls, talking, words

CLIPS = sorted((Path(__file__).parents[1] / "clips").glob("*.wav"))
Sound = npt.NDArray[np.float32]


def clip(path: Path) -> Sound:
    """A clip at the wire's rate."""
    with wave.open(str(path)) as file:
        samples = from_pcm16(file.readframes(file.getnframes()))
        resampler = Resampler(file.getframerate(), RATE_HZ)
    return np.concatenate([resampler.process(samples), resampler.flush()])


def noise(seconds: float, level: float) -> Sound:
    """White noise of this RMS level."""
    generator = np.random.default_rng(1)
    return generator.normal(0.0, level, int(seconds * RATE_HZ)).astype(np.float32)


def spoken(path: Path, gain: float, noise_level: float) -> tuple[Sound, float, float]:
    """A second, the clip, two seconds, in noise; and where the clip's own sound begins and ends, in ms."""
    voice = gain * clip(path)
    loud = np.flatnonzero(np.abs(voice) > 0.05 * np.abs(voice).max())
    sound = np.concatenate([np.zeros(RATE_HZ, np.float32), voice, np.zeros(2 * RATE_HZ, np.float32)])
    return (
        sound + noise(len(sound) / RATE_HZ, noise_level),
        1000 + loud[0] * 1000 / RATE_HZ,
        1000 + loud[-1] * 1000 / RATE_HZ,
    )


def edges(sound: Sound, detection: ServerVad | SemanticVad) -> list[Edge]:
    return list(TurnDetector(detection).feed(to_pcm16(sound)))


@pytest.mark.parametrize("noise_level", [1e-4, 0.01])
@pytest.mark.parametrize("late_ms", [60, 100, 160])
@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_speech_that_is_under_way_when_the_microphone_opens_loses_nothing_more(
    path: Path, late_ms: int, noise_level: float
) -> None:
    """It is its own noise floor until its first pause: the turn begins before that, if there is one."""
    sound, begins_ms, _ = spoken(path, 1.0, noise_level)
    missing = int((begins_ms + late_ms) * RATE_HZ / 1000)
    found = edges(sound[missing:], ServerVad())
    assert [type(edge) for edge in found] in ([VoiceStarted, VoiceStopped], [])
    assert all(started.at_ms == 0 for started in found[:1])
    assert found or path.stem == "hibari_cmd00"


def test_a_second_turn_begins_where_it_was_spoken() -> None:
    sound, begins_ms, _ = spoken(CLIPS[0], 1.0, 1e-3)
    late = sound[int((begins_ms + 100) * RATE_HZ / 1000) :]
    first, stopped, second, _ = edges(np.concatenate([late, sound]), ServerVad())
    assert (first.at_ms, second.at_ms > stopped.at_ms) == (0, True)
    assert second.at_ms == pytest.approx(1000 * len(late) / RATE_HZ + begins_ms - 300, abs=100)


@pytest.mark.parametrize(("gain", "noise_level"), [(1.0, 0.0), (1.0, 0.01), (0.1, 0.001), (0.03, 0.0002)])
@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_a_spoken_clip_is_one_turn_and_whole(path: Path, gain: float, noise_level: float) -> None:
    sound, begins_ms, ends_ms = spoken(path, gain, noise_level)
    started, stopped = edges(sound, ServerVad())
    assert isinstance(started, VoiceStarted)
    assert isinstance(stopped, VoiceStopped)
    assert begins_ms - 700 < started.at_ms <= begins_ms
    assert ends_ms + 300 < stopped.at_ms < ends_ms + 1000


@pytest.mark.parametrize(
    ("detection", "earlier"),
    [
        (ServerVad(silence_duration_ms=300), ServerVad(silence_duration_ms=900)),
        (SemanticVad(eagerness="high"), SemanticVad(eagerness="auto")),
        (SemanticVad(eagerness="auto"), SemanticVad(eagerness="low")),
    ],
)
def test_patience_is_configured(detection: ServerVad | SemanticVad, earlier: ServerVad | SemanticVad) -> None:
    sound, *_ = spoken(CLIPS[0], 1.0, 0.001)
    assert edges(sound, detection)[-1].at_ms < edges(sound, earlier)[-1].at_ms


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(5 * RATE_HZ, np.float32),
        noise(5, 0.001),
        noise(5, 0.1),
        (0.3 * np.sin(np.arange(5 * RATE_HZ) * 2 * np.pi * 50 / RATE_HZ)).astype(np.float32),
        np.where(np.arange(5 * RATE_HZ) % 9_000 == 0, 0.9, 0.0).astype(np.float32),
    ],
    ids=["silence", "quiet noise", "loud noise", "hum", "clicks"],
)
def test_what_is_no_speech_is_no_turn(sound: Sound) -> None:
    assert edges(sound, ServerVad()) == []


def test_how_the_sound_is_cut_into_frames_changes_nothing() -> None:
    sound, *_ = spoken(CLIPS[0], 1.0, 0.001)
    pcm = to_pcm16(sound)
    detector = TurnDetector(ServerVad())
    pieces = [pcm[start : start + 777] for start in range(0, len(pcm), 777)]
    assert [edge for piece in pieces for edge in detector.feed(piece)] == edges(sound, ServerVad())


def test_a_sound_without_end_becomes_a_turn() -> None:
    beeps = np.tile(np.repeat(np.array([0.5, 0.0], np.float32), RATE_HZ // 10), 400)
    tone = np.sin(np.arange(len(beeps)) * 2 * np.pi * 1000 / RATE_HZ).astype(np.float32)
    found = edges(beeps * tone, ServerVad())
    assert isinstance(found[1], VoiceStopped)
    assert found[1].at_ms - found[0].at_ms <= 60_020


def stream(talk: Talk, sound: Sound, chunk_ms: int = 100) -> None:
    """Append a sound as a microphone would, but at once."""
    pcm = to_pcm16(sound)
    step = chunk_ms * RATE_HZ * 2 // 1000
    for start in range(0, len(pcm), step):
        talk.send("input_audio_buffer.append", audio=base64.b64encode(pcm[start : start + step]).decode())


def hands_free(talk: Talk, **detection: Any) -> None:
    vad: Json = {"type": "server_vad", **detection}
    talk.configure(audio={"input": {"turn_detection": vad}})


@asynchronous
async def test_a_turn_runs_by_itself() -> None:
    async with talking("turn on the lamp") as talk:
        hands_free(talk)
        sound, begins_ms, ends_ms = spoken(CLIPS[0], 1.0, 0.001)
        stream(talk, sound)
        done = (await talk.until("response.done"))["response"]
        assert calls(done) == [("set_device", {"device": "lamp", "state": "on"})]
        assert talk.names()[2:8] == [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
        ]
        started, stopped, committed = talk.events[2:5]
        assert started["item_id"] == stopped["item_id"] == committed["item_id"]
        assert started["audio_start_ms"] <= begins_ms < ends_ms < stopped["audio_end_ms"]
        (item,) = talk.send("conversation.item.retrieve", item_id=started["item_id"])
        kept_ms = len(base64.b64decode(item["item"]["content"][0]["audio"])) / 48
        assert abs(kept_ms - (stopped["audio_end_ms"] - started["audio_start_ms"])) < 1


@asynchronous
async def test_without_create_response_the_client_asks() -> None:
    async with talking("turn on the lamp") as talk:
        hands_free(talk, create_response=False)
        stream(talk, spoken(CLIPS[0], 1.0, 0.001)[0])
        assert "response.created" not in talk.names()
        assert calls(await talk.answer()) == [("set_device", {"device": "lamp", "state": "on"})]


async def barge_in(talk: Talk, **detection: Any) -> None:
    """Have a long answer begin, and speak into it."""
    hands_free(talk, **detection)
    content = [{"type": "input_text", "text": "what can you do"}]
    talk.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    talk.send("response.create")
    await talk.until("response.output_audio.delta")
    stream(talk, spoken(CLIPS[0], 1.0, 0.001)[0])


@asynchronous
async def test_speaking_interrupts_the_answer() -> None:
    async with talking("turn on the lamp") as talk:
        await barge_in(talk)
        first = (await talk.until("response.done"))["response"]
        assert (first["status"], first["status_details"]["reason"]) == ("cancelled", "turn_detected")
        names = talk.names()
        assert names.index("input_audio_buffer.speech_started") < names.index("response.done")
        assert calls((await talk.until("response.done"))["response"])


@asynchronous
async def test_an_answer_that_is_not_to_be_interrupted_is_finished_first() -> None:
    async with talking("turn on the lamp") as talk:
        await barge_in(talk, interrupt_response=False)
        assert (await talk.until("response.done"))["response"]["status"] == "completed"
        assert calls((await talk.until("response.done"))["response"])


@asynchronous
async def test_clearing_forgets_a_turn_that_has_begun() -> None:
    async with talking() as talk:
        hands_free(talk)
        sound, _, ends_ms = spoken(CLIPS[0], 1.0, 0.001)
        stream(talk, sound[: int(ends_ms / 1000 * RATE_HZ)])
        assert talk.names()[-1] == "input_audio_buffer.speech_started"
        talk.send("input_audio_buffer.clear")
        stream(talk, noise(2, 0.001))
        assert talk.names()[-1] == "input_audio_buffer.cleared"


@asynchronous
async def test_the_clients_own_commit_after_the_servers_finds_an_empty_buffer() -> None:
    async with talking("turn on the lamp") as talk:
        hands_free(talk)
        sound, *_ = spoken(CLIPS[0], 1.0, 0.001)
        stopped_ms = edges(sound, ServerVad())[-1].at_ms
        stream(talk, sound[: stopped_ms * RATE_HZ // 1000])
        assert talk.refusal("input_audio_buffer.commit")["code"] == "input_audio_buffer_commit_empty"
        await talk.until("response.done")


@asynchronous
async def test_a_silence_becomes_a_turn_once_the_idle_time_is_over() -> None:
    async with talking("") as talk:
        hands_free(talk, idle_timeout_ms=5000)
        await talk.type("turn on the lamp", tool_choice="none", output_modalities=["text"])
        stream(talk, noise(1, 0.001))
        timeout = await talk.until("input_audio_buffer.timeout_triggered")
        committed = await talk.until("input_audio_buffer.committed")
        assert timeout["item_id"] == committed["item_id"]
        assert timeout["audio_start_ms"] < timeout["audio_end_ms"] == 1000
        assert words((await talk.until("response.done"))["response"]) == "I heard nothing."
