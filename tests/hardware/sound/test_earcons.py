"""Earcons through the lane, the speaker thread and real pyalsaaudio, judged by what the card played."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from daemon.audio.pcm import from_pcm16, quantised, to_pcm16
from daemon.commands.demo.virtualcard import VirtualCard
from daemon.core.events import Input, PlaybackDrained, PlaybackStopped
from daemon.core.feedback.earcon_kinds import EARCONS
from daemon.realtime.events import RATE_HZ as WIRE_HZ
from daemon.service.audio_streams import PlaybackStream, StreamEvents
from hardware.ports import Mono, SoundConfig
from hardware.sound.alsa_streams import AlsaSpeaker
from tests.hardware.sound.conftest import wait_until
from tests.hardware.sound.test_speaker import RATE_HZ, recorded

ERROR = EARCONS["error"].samples(RATE_HZ)


@dataclass
class Stage:
    """A speaker behind its stream; `told` is what reaches the machine, as the shell passes it on."""

    stream: PlaybackStream
    told: list[Input] = field(default_factory=list)

    def drained(self) -> list[str]:
        """The items that were heard to their ends, whenever the stream says that it has nothing left."""
        return [item for event in self.told if isinstance(event, PlaybackDrained) for item in event.items]


@pytest.fixture
def stage(card: VirtualCard, config: SoundConfig) -> Iterator[Stage]:
    told: list[Input] = []
    opened: list[bool] = []

    def drained() -> None:
        if (event := made.stream.drained()) is not None:
            told.append(event)

    events = StreamEvents(
        told.append, drained, lambda: opened.append(True), lambda kind: None, time.monotonic
    )
    made = Stage(PlaybackStream(events, "minimum"), told)
    speaker = made.stream.speaker = AlsaSpeaker(config, made.stream)
    wait_until(lambda: opened, "the speaker is open")
    yield made
    speaker.close()


def sounding(samples: Mono) -> Mono:
    """From the first sample that is not zero to the last."""
    loud = np.flatnonzero(samples)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def test_an_earcon_comes_out_sample_by_sample(card: VirtualCard, stage: Stage, tmp_path: Path) -> None:
    """A stall of the machine tears the sound, so at most three tries."""
    wanted = from_pcm16(to_pcm16(ERROR))
    for attempt in range(3):
        with card.record("speaker", tmp_path / "played.wav"):
            time.sleep(0.2)
            stage.stream.play_earcon("error")
            time.sleep(0.8)
        played = sounding(recorded(tmp_path / "played.wav"))
        if len(played) == len(sounding(wanted)):
            break
        print(f"attempt {attempt + 1}: the machine stalled")
    np.testing.assert_allclose(played, sounding(wanted), atol=1 / 32768)
    assert stage.drained() == []


def test_a_stopped_earcon_ends_at_once_though_the_card_holds_more_of_it(
    card: VirtualCard, stage: Stage, tmp_path: Path
) -> None:
    """A stall of the machine comes between the order and its time, so at most three tries."""
    whole_frames = len(ERROR)
    for attempt in range(3):
        stage.told.clear()
        with card.record("speaker", tmp_path / "played.wav"):
            time.sleep(0.2)
            stage.stream.play_earcon("error")
            time.sleep(0.1)
            stage.stream.stop_earcon()
            wait_until(
                lambda: any(isinstance(event, PlaybackStopped) for event in stage.told), "it is silent"
            )
            time.sleep(0.5)
        frames = len(sounding(recorded(tmp_path / "played.wav")))
        if 0 < frames < whole_frames * 3 // 4:
            break
        print(f"attempt {attempt + 1}: the machine stalled")
    assert 0 < frames < whole_frames * 3 // 4


def test_an_answer_does_not_wait_for_an_earcon_and_is_heard_whole(
    card: VirtualCard, stage: Stage, tmp_path: Path
) -> None:
    """A stall of the machine lets the earcon play on, so at most three tries."""
    answer = np.full(WIRE_HZ // 2, 0.5, np.float32)
    for attempt in range(3):
        stage.told.clear()
        with card.record("speaker", tmp_path / "played.wav"):
            time.sleep(0.2)
            stage.stream.play_earcon("error")
            time.sleep(0.02)
            stage.stream.play(f"item {attempt}", quantised(answer).tobytes())
            stage.stream.end(f"item {attempt}")
            wait_until(stage.drained, "the answer was heard")
            time.sleep(0.2)
        played = sounding(recorded(tmp_path / "played.wav"))
        of_the_answer = np.flatnonzero(played > 0.3)
        print(f"the answer begins {of_the_answer[0] * 1000 / RATE_HZ:.0f} ms after the earcon has begun")
        if of_the_answer[0] < 0.25 * RATE_HZ:
            break
        print(f"attempt {attempt + 1}: the machine stalled")
    assert stage.drained() == [f"item {attempt}"]
    assert len(of_the_answer) >= 0.499 * RATE_HZ
    # What came before it is what the card held already: its buffer of 80 ms, and the time until it was asked.
    assert of_the_answer[0] < 0.25 * RATE_HZ < len(ERROR)
