"""Our own voice over real ALSA streams: the card's speaker leads back into its microphone."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pytest

from daemon.audio.echo.engine_registry import ENGINES
from daemon.audio.echo.path import EchoPath
from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.commands.demo.virtualcard import VirtualCard
from daemon.core import events as ev
from daemon.service.audio_streams import CaptureStream, PlaybackStream, StreamEvents
from hardware.ports import SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from tests.audio.echo.room import RATE_HZ, babble
from tests.hardware.sound.conftest import wait_until
from tests.hardware.sound.test_doctor import looped

SECONDS = 12
JUDGED_S = 3.0


@pytest.mark.parametrize("engine", ENGINES)
def test_little_of_it_is_sent_when_the_microphone_hears_the_speaker(
    own_card: VirtualCard, engine: str
) -> None:
    sent: list[bytes] = []

    def post(event: ev.Input) -> None:
        if isinstance(event, ev.Captured):
            sent.append(event.pcm)

    events = StreamEvents(post, lambda: None, lambda: None, lambda kind: None, time.monotonic)
    echo = EchoPath(engine, RATE_HZ, time.monotonic)
    playback, capture = PlaybackStream(events, "minimum", echo), CaptureStream(events, "minimum", echo)
    config = SoundConfig(microphone=VirtualCard.microphone, speaker=VirtualCard.speaker)
    with looped(own_card, 40):
        playback.speaker = speaker = AlsaSpeaker(config, playback)
        microphone = AlsaMicrophone(config, capture)
        try:
            microphone.start()
            playback.play("item", to_pcm16(babble(SECONDS)))
            for second in range(1, SECONDS):
                heard = partial(lambda due: sum(map(len, sent)) > 2 * RATE_HZ * due, second)
                wait_until(heard, f"{second} seconds were heard")
        finally:
            microphone.close()
            speaker.close()
    left = from_pcm16(b"".join(sent))[-int(JUDGED_S * RATE_HZ) :]
    assert np.mean(left**2) < np.mean(babble(SECONDS) ** 2) / 10
    assert echo.canceller.alignment.delay_s > 0
