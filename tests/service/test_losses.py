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


def records(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The losses that the journal has."""
    records = [
        record for record in caplog.records if getattr(record, "MESSAGE_ID", "") == RecordKind.LOSS.value
    ]
    return [getattr(record, "VOICED_LOSS", "") for record in records]


@pytest.mark.parametrize(
    ("kind", "event", "nth", "loss"),
    [
        ("number", "response.output_audio.delta", 3, "undecodable_frame"),
        ("delay", "response.output_audio.delta", 12, "late_audio"),
    ],
)
def test_a_loss_is_in_status_and_in_the_journal(
    kind: str, event: str, nth: int, loss: LossKind, caplog: pytest.LogCaptureFixture
) -> None:
    logging.disable(logging.NOTSET)
    caplog.set_level(logging.INFO)
    run = play([Fault(kind, "server", event, nth)])
    status = asyncio.run(run.house.app.api.status())
    assert status["losses"][loss] == 1
    assert loss in records(caplog)


def test_where_nothing_is_lost_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    logging.disable(logging.NOTSET)
    caplog.set_level(logging.INFO)
    losses = asyncio.run(play([]).house.app.api.status())["losses"]
    assert losses == dict.fromkeys(losses, 0)
    assert records(caplog) == []


def test_audio_that_finds_no_room_is_a_loss() -> None:
    lost: list[LossKind] = []
    stream = PlaybackStream(
        StreamEvents(lambda event: None, lambda: None, lambda: None, lost.append, time.monotonic), "minimum"
    )
    stream.opened(RATE_HZ)
    minute = to_pcm16(np.zeros(60 * RATE_HZ, np.float32))
    for _ in range(10):
        stream.play("item", minute)
    assert lost == []
    stream.play("item", minute)
    assert lost == ["dropped_audio"]
