"""What does not arrive whole is counted in `voiced status` and recorded: audio, and frames of the server."""

from __future__ import annotations

import asyncio
import logging
import time

import numpy as np
import pytest

from daemon.audio.pcm import to_pcm16
from daemon.realtime.limits import RATE_HZ
from daemon.service.audio_streams import PlaybackStream, StreamEvents
from daemon.telemetry.journal import RecordKind
from daemon.telemetry.notifications import LossKind
from tests.scenarios.faults.network import Fault
from tests.scenarios.faults.story import play

PERIOD = RATE_HZ // 100


@pytest.fixture
def lost() -> list[LossKind]:
    return []


@pytest.fixture
def stream(lost: list[LossKind]) -> PlaybackStream:
    events = StreamEvents(lambda event: None, lambda: None, lambda: None, lost.append, time.monotonic)
    stream = PlaybackStream(events, "minimum")
    stream.opened(RATE_HZ)
    return stream


def records(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The losses that the journal has."""
    records = [
        record for record in caplog.records if getattr(record, "MESSAGE_ID", "") == RecordKind.LOSS.value
    ]
    return [getattr(record, "VOICED_LOSS", "") for record in records]


@pytest.mark.parametrize(("kind", "frames"), [("number", 1), ("", 0)], ids=["no event", "a calm network"])
def test_a_frame_that_is_no_event_is_in_status_and_in_the_journal(
    kind: str, frames: int, caplog: pytest.LogCaptureFixture
) -> None:
    logging.disable(logging.NOTSET)
    caplog.set_level(logging.INFO)
    run = play([Fault(kind, "server", "response.output_audio.delta", 3)] if kind else [])
    losses = asyncio.run(run.house.app.api.status())["losses"]
    assert (losses["undecodable_frame"], losses["dropped_audio"]) == (frames, 0)
    assert records(caplog).count("undecodable_frame") == frames


def test_a_pause_in_an_answer_is_a_loss_its_end_is_none(stream: PlaybackStream, lost: list[LossKind]) -> None:
    stream.play("item", to_pcm16(np.zeros(RATE_HZ // 10, np.float32)))
    while stream.pull(PERIOD) is not None:
        stream.played(PERIOD)
    assert lost == []
    stream.played(0)
    assert lost == ["late_audio"]
    stream.play("item", to_pcm16(np.zeros(RATE_HZ // 10, np.float32)))
    stream.end("item")
    while stream.pull(PERIOD) is not None:
        stream.played(PERIOD)
    stream.played(0)
    assert lost == ["late_audio"]


def test_audio_that_finds_no_room_is_a_loss(stream: PlaybackStream, lost: list[LossKind]) -> None:
    minute = to_pcm16(np.zeros(60 * RATE_HZ, np.float32))
    for _ in range(10):
        stream.play("item", minute)
    assert lost == []
    stream.play("item", minute)
    assert lost == ["dropped_audio"]
