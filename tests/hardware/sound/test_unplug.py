"""Cards that are missing, vanish and come back."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import alsaaudio
import numpy as np

from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import SoundConfig
from hardware.sound.alsa_pcm import AlsaPcm
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from hardware.sound.pcm_device import Alsa
from tests.hardware.sound.conftest import Listener, Player, wait_until
from tests.hardware.sound.soundtrees import HEADSET, Planted, plant


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


def kernel_with(root: Path, card: Planted, changed_at: int) -> Path:
    """A folder that shows this card, which came at that time."""
    (plant(root, card) / "dev/snd").mkdir(parents=True)
    os.utime(root / "dev/snd", (changed_at, changed_at))
    return root


def test_an_idle_card_is_left_for_a_better_one_on_a_mock_of_the_kernels_list(
    card: VirtualCard, tmp_path: Path
) -> None:
    """What the kernel lists is planted, and virtual cards are opened in its place."""
    first = {alsaaudio.PCM_CAPTURE: card.microphone, alsaaudio.PCM_PLAYBACK: card.speaker}

    def pcm(*, device: str, type: int, **asked: Any) -> AlsaPcm:
        return AlsaPcm(device=first[type] if "CARD=Headset," in device else "default", type=type, **asked)

    root, port = tmp_path / "now", "usb:1-1.3"
    root.symlink_to(kernel_with(tmp_path / "before", HEADSET, changed_at=1))
    config, alsa = SoundConfig(microphone=port, speaker=port), Alsa(root, pcm)
    listener, player = Listener(), Player()
    microphone, speaker = AlsaMicrophone(config, listener, alsa), AlsaSpeaker(config, player, alsa)
    wait_until(lambda: listener.rates_hz and player.rates_hz, "both are open")
    (tmp_path / "next").symlink_to(
        kernel_with(tmp_path / "after", replace(HEADSET, id="Better"), changed_at=2)
    )
    (tmp_path / "next").rename(root)
    wait_until(lambda: len(listener.rates_hz) == 2 and len(player.rates_hz) == 2, "both have moved")
    player.queue("item", np.full(4_800, 0.1, np.float32))
    speaker.wake()
    wait_until(player.heard, "the other card plays")
    assert not listener.errors
    assert not player.errors
    microphone.close()
    speaker.close()
