"""Cards that are missing, vanish and come back."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from tests.hardware.sound.conftest import Listener, Player, wait_until


def test_a_card_that_vanishes_in_use_is_opened_again(own_card: VirtualCard, config: SoundConfig) -> None:
    listener, player = Listener(), Player()
    microphone, speaker = AlsaMicrophone(config, listener), AlsaSpeaker(config, player)
    wait_until(lambda: listener.rates_hz and player.rates_hz, "both are open")
    microphone.start()
    player.queue("item", np.full(48_000, 0.1, np.float32))
    speaker.wake()
    wait_until(lambda: listener.periods and player.playout.heard_ms("item"), "both run")

    own_card.unplug()
    wait_until(lambda: listener.errors and player.errors, "both have noticed")
    assert "[sound] microphone" in str(listener.errors[0])
    speaker.stop()
    wait_until(lambda: player.cuts, "a stop is answered without a card")
    listener.take()

    own_card.plug()
    wait_until(lambda: len(listener.rates_hz) == 2 and len(player.rates_hz) == 2, "both are back")
    wait_until(lambda: listener.periods, "the press goes on")
    assert len(listener.errors) == len(player.errors) == 1
    microphone.close()
    speaker.close()


def test_an_idle_card_that_vanishes_is_noticed(own_card: VirtualCard, config: SoundConfig) -> None:
    listener, player = Listener(), Player()
    microphone, speaker = AlsaMicrophone(config, listener), AlsaSpeaker(config, player)
    wait_until(lambda: listener.rates_hz and player.rates_hz, "both are open")
    own_card.unplug()
    wait_until(lambda: listener.errors and player.errors, "both have noticed")
    microphone.close()
    speaker.close()


def test_without_a_card_it_says_so_once_and_answers(card: VirtualCard) -> None:
    listener = Listener()
    microphone = AlsaMicrophone(SoundConfig(microphone="hw:7,0"), listener)
    wait_until(lambda: listener.errors, "it has failed")
    assert str(listener.errors[0]).startswith("The microphone hw:7,0 is not there: plug it in, or take")
    microphone.start()
    microphone.stop()
    wait_until(lambda: listener.ends == 1, "the press has ended")
    before = microphone.heartbeats
    wait_until(lambda: microphone.heartbeats > before, "the heartbeat goes on")
    assert len(listener.errors) == 1
    microphone.close()


def test_an_idle_card_is_left_for_a_better_one_on_a_mock_of_the_kernels_list(
    card: VirtualCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {"microphone": card.microphone, "speaker": card.speaker}
    monkeypatch.setattr("hardware.sound.pcm_device.resolve", lambda name, direction: best[direction])
    monkeypatch.setattr("hardware.sound.pcm_thread.changes", lambda: len(set(best.values())))
    listener, player = Listener(), Player()
    microphone, speaker = AlsaMicrophone(SoundConfig(), listener), AlsaSpeaker(SoundConfig(), player)
    wait_until(lambda: listener.rates_hz and player.rates_hz, "both are open")
    best |= {"microphone": "default", "speaker": "default"}
    wait_until(lambda: len(listener.rates_hz) == 2 and len(player.rates_hz) == 2, "both have moved")
    player.queue("item", np.full(4_800, 0.1, np.float32))
    speaker.wake()
    wait_until(player.heard, "the other card plays")
    assert not listener.errors
    assert not player.errors
    microphone.close()
    speaker.close()
