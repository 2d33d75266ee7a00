"""The demo without its sound card: judging turns, the report, aligning recordings, drawing."""

from __future__ import annotations

import base64
import json
import tomllib
import wave
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.commands.demo.event_stream import EventStream, EventStreamError
from daemon.commands.demo.harness import substituted
from daemon.commands.demo.recording import RATE_HZ, Track, cut, read_track, wire_tracks, write_conversation
from daemon.commands.demo.report import FIGURES, Outcome, write_report
from daemon.commands.demo.scenario import SCENARIO, ScenarioTurn, verdict
from daemon.commands.demo.timeline import Performance, draw, envelope
from daemon.commands.demo.view import Scene
from daemon.control.client import Json

DEMO_TOML = Path(__file__).parents[3] / "deploy" / "demo.toml"
FAN = ScenarioTurn(
    "set the fan to thirty percent",
    calls=(("set_level", {"device": "fan", "percent": 30}),),
    devices={"fan": 0.3},
)
RIGHT: Json = {
    "source": "button",
    "heard": "set the fan to thirty percent",
    "tool_calls": [
        {
            "name": "set_level",
            "arguments": '{"device":"fan","percent":30}',
            "output": "The fan is at 30 percent.",
        }
    ],
    "reply": "The fan is at 30 percent.",
    "interrupted": False,
    "xruns": 0,
    **dict.fromkeys(FIGURES, 1.0),
}


def device(name: str, value: float | str, t: float = 0.0) -> Json:
    return {"t": t, "event": "device", "name": name, "value": value}


# ---------------------------------------------------------------- the scenario


def test_scenario_shows_every_kind_of_turn_with_devices_that_the_demo_has() -> None:
    config = tomllib.loads(DEMO_TOML.read_text())
    names = {key.replace("_", " ") for key in config["devices"]}
    named = {call[1]["device"] for line in SCENARIO for call in line.calls or ()}
    assert named | {name for line in SCENARIO for name in line.devices} <= names
    assert len(SCENARIO) >= 8
    assert any(line.typed for line in SCENARIO)
    assert any(line.interrupt_after_s for line in SCENARIO[:-1])
    assert any(line.flashes for line in SCENARIO)
    assert any(len(line.calls or ()) == 2 for line in SCENARIO)


@pytest.mark.parametrize(
    ("line", "change", "devices", "problem"),
    [
        (FAN, {}, {"fan": 0.3}, None),
        (FAN, {}, {"fan": 0.13}, "fan is 0.13, not 0.3"),
        (FAN, {"tool_calls": []}, {"fan": 0.3}, "did not call set_level(device=fan, percent=30)"),
        (FAN, {"interrupted": True}, {"fan": 0.3}, "was interrupted"),
        (FAN, {"reply": ""}, {"fan": 0.3}, "no reply"),
        (ScenarioTurn("hello", calls=()), {}, {}, "called set_level(device=fan, percent=30)"),
        (ScenarioTurn("hello", reply="closed"), {}, {}, "the reply does not say closed"),
        (ScenarioTurn("hello", reply="thirty|30"), {}, {}, None),
        (ScenarioTurn("hello", interrupt_after_s=2.0), {}, {}, "was not interrupted"),
        (ScenarioTurn("hello", flashes={"red light": 2}), {}, {}, "red light flashed 1 times, not 2"),
    ],
)
def test_verdict_says_what_went_wrong(
    line: ScenarioTurn, change: Json, devices: Json, problem: str | None
) -> None:
    events = [device("red light", 1.0), device("red light", 0.0)]
    assert verdict(line, {**RIGHT, **change}, devices, events) == ([problem] if problem else [])


# ---------------------------------------------------------------- the report


def test_report_has_the_agreed_shape_and_is_not_ok_with_one_wrong_turn(tmp_path: Path) -> None:
    status = {"rss_mb": 50.0, "cpu_s": 1.0, "start_to_ready_ms": 400.0, "state": "idle"}
    outcomes = [
        Outcome(FAN.text, FAN.text, RIGHT, {"fan": 0.3}, 0, 1),
        Outcome("a.wav", None, {}, {}, 1, 2, ["no turn"]),
    ]
    assert not write_report(tmp_path / "report.json", outcomes, status)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report.keys() == {"ok", "turns", "rss_mb", "cpu_s", "start_to_ready_ms"}
    keys = {"source", "said", "heard", "tool_calls", "devices", "reply", "interrupted", "xruns", *FIGURES}
    assert [turn.keys() for turn in report["turns"]] == [keys, keys]
    assert report["turns"][0]["tool_calls"][0]["arguments"] == {"device": "fan", "percent": 30}
    assert report["turns"][1]["said"] is None
    assert write_report(tmp_path / "report.json", outcomes[:1], status)
    assert not write_report(tmp_path / "report.json", [], status)


# ---------------------------------------------------------------- the recording


def test_conversation_is_aligned_in_time(tmp_path: Path) -> None:
    """A click at 10.5 s on both sides, recorded from different moments on, at 48 kHz."""
    tracks = {}
    for side, started_at in (("microphone", 10.0), ("speaker", 10.2)):
        samples = np.zeros(48_000, np.float32)
        samples[round((10.5 - started_at) * 48_000)] = 0.9
        path = tmp_path / f"{side}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 48_000, 0, "NONE", ""))
            file.writeframes(to_pcm16(samples))
        tracks[side] = read_track(path, started_at)
    write_conversation(
        tmp_path / "both.wav", {"microphone": tracks["microphone"], "speaker": tracks["speaker"]}, 9.9, 11.4
    )
    with wave.open(str(tmp_path / "both.wav"), "rb") as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE_HZ)
        both = from_pcm16(file.readframes(file.getnframes())).reshape(-1, 2)
    assert len(both) == 1.5 * RATE_HZ
    assert np.abs(np.argmax(np.abs(both), axis=0) - 0.6 * RATE_HZ).max() <= 2


def test_wire_log_gives_the_tracks_where_nobody_could_record(tmp_path: Path) -> None:
    """20 ms heard at 5.0 s and again at 6.0 s; 2 s of an answer come at once at 6.5 s, cancelled at 7.0 s."""
    pcm = {
        "heard": to_pcm16(np.full(480, 0.5, np.float32)),
        "played": to_pcm16(np.full(48_000, 0.5, np.float32)),
    }
    audio = {name: base64.b64encode(data).decode() for name, data in pcm.items()}
    events = [
        (5.02, {"type": "input_audio_buffer.append", "audio": audio["heard"]}),
        (6.02, {"type": "input_audio_buffer.append", "audio": audio["heard"]}),
        (6.5, {"type": "response.output_audio.delta", "delta": audio["played"]}),
        (7.0, {"type": "response.cancel"}),
    ]
    lines = [json.dumps({"t": t, "conn": 1, "dir": "client", "event": event}) for t, event in events]
    (tmp_path / "wire.jsonl").write_text("\n".join(lines) + "\n")
    tracks = wire_tracks(tmp_path / "wire.jsonl")
    heard, played = (cut(tracks[side], 5.0, 8.0) for side in ("microphone", "speaker"))
    assert np.flatnonzero(heard).tolist() == [*range(480), *range(RATE_HZ, RATE_HZ + 480)]
    assert np.flatnonzero(played).tolist() == [*range(round(1.5 * RATE_HZ), 2 * RATE_HZ)]


def test_envelope_keeps_the_extremes() -> None:
    samples = np.zeros(RATE_HZ, np.float32)
    samples[100], samples[101], samples[-1] = 1.0, -0.5, 0.25
    lowest, highest = envelope(samples)
    assert (lowest.min(), highest[0], highest[-1], len(highest)) == (-0.5, 1.0, 0.25, 50)


# ---------------------------------------------------------------- the pictures


def test_timeline_shows_turns_lamps_and_devices(tmp_path: Path) -> None:
    events: list[Json] = [
        {"t": 0.5, "event": "state", "state": "listening"},
        {"t": 0.5, "event": "button", "pressed": True},
        {"t": 1.0, "event": "button", "pressed": False},
        {"t": 1.1, "event": "lamp", "name": "status", "colour": [0.0, 0.5, 1.0]},
        device("fan", 0.3, 1.2),
        device("kitchen light", "#ff5000", 1.2),
        {
            "t": 1.3,
            "event": "tool",
            "name": "read_device",
            "arguments": {"device": "door"},
            "output": "It is open.",
        },
        {"t": 1.4, "event": "state", "state": "idle"},
    ]
    track = Track(0.0, np.full(2 * RATE_HZ, 0.1, np.float32))
    outcomes = [Outcome(FAN.text, FAN.text, RIGHT, {}, 0.5, 1.5)]
    path = tmp_path / "timeline.svg"
    draw(path, Performance(events, outcomes, {"microphone": track, "speaker": track}, 0.0, 2.0))
    drawn = [each.text for each in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    for words in ("microphone", "speaker", "status lamp", "fan", "kitchen light", "door", "It is open."):
        assert words in drawn
    assert "1 ✓ set the" in drawn


def test_live_picture_lets_words_grow_and_then_replaces_them() -> None:
    scene = Scene()
    for text in ("turn on", " the"):
        scene.take({"event": "user", "delta": text})
    assert scene.lines == [("user", "turn on the")]
    scene.take({"event": "user", "text": "turn on the lamp"})
    scene.take({"event": "turn"})
    scene.take({"event": "user", "text": "thanks"})
    assert scene.lines == [("user", "turn on the lamp"), ("user", "thanks")]


# ---------------------------------------------------------------- around it


def test_substituted_keeps_everything_but_the_values() -> None:
    text = '# top\n[sound]\nspeaker = "default"  # a card\n[log]\ntranscripts = false\n# speaker = 1\n'
    made = substituted(text, {"sound.speaker": "hw:1", "log.transcripts": True})
    kept = 'speaker = "hw:1"            # a card'
    assert made == f"# top\n[sound]\n{kept}\n[log]\ntranscripts = true\n# speaker = 1\n"
    with pytest.raises(KeyError, match=r"log\.speaker"):
        substituted(text, {"log.speaker": "x"})


def test_the_event_stream_gives_what_came_since_and_says_what_did_not_come() -> None:
    stream = EventStream()
    stream.add(device("fan", 1.0))
    stream.add(device("fan", 0.0))
    assert stream.wait(1, 0.0, "the fan", lambda event: event["event"] == "device")["value"] == 0.0
    with pytest.raises(EventStreamError, match="the turn did not come within 0 s"):
        stream.wait(2, 0.0, "the turn", lambda event: True)
