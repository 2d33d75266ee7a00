"""Sound threads that have nothing to do still show the watchdog that they could."""

from __future__ import annotations

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from tests.hardware.sound.conftest import Listener, Player, wait_until

NO_CARD = SoundConfig(microphone="hw:31", speaker="hw:31")


def still_beats(thread: AlsaMicrophone | AlsaSpeaker) -> None:
    before = thread.beats
    wait_until(lambda: thread.beats > before + 1, "it beats")
    thread.close()


@pytest.mark.parametrize("card_is", ["there", "absent"])
def test_an_idle_microphone_beats(card: VirtualCard, config: SoundConfig, card_is: str) -> None:
    listener = Listener()
    microphone = AlsaMicrophone(config if card_is == "there" else NO_CARD, listener)
    wait_until(lambda: listener.rates_hz or listener.errors, "the card is open, or known to be absent")
    still_beats(microphone)


@pytest.mark.parametrize("card_is", ["there", "absent"])
def test_an_idle_speaker_beats(card: VirtualCard, config: SoundConfig, card_is: str) -> None:
    player = Player()
    speaker = AlsaSpeaker(config if card_is == "there" else NO_CARD, player)
    wait_until(lambda: player.rates_hz or player.errors, "the card is open, or known to be absent")
    still_beats(speaker)
