"""Sound threads that have nothing to do still show the watchdog that they could."""

from __future__ import annotations

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from tests.hardware.sound.conftest import Listener, Player, wait_until

NO_CARD = SoundConfig(microphone="hw:31", speaker="hw:31")


def heartbeat_goes_on(thread: AlsaMicrophone | AlsaSpeaker) -> None:
    before = thread.heartbeats
    wait_until(lambda: thread.heartbeats > before + 1, "the heartbeat goes on")
    thread.close()


@pytest.mark.parametrize("card_is", ["there", "absent"])
def test_an_idle_microphone_has_a_heartbeat(card: VirtualCard, config: SoundConfig, card_is: str) -> None:
    listener = Listener()
    microphone = AlsaMicrophone(config if card_is == "there" else NO_CARD, listener)
    wait_until(lambda: listener.rates_hz or listener.errors, "the card is open, or known to be absent")
    heartbeat_goes_on(microphone)


@pytest.mark.parametrize("card_is", ["there", "absent"])
def test_an_idle_speaker_has_a_heartbeat(card: VirtualCard, config: SoundConfig, card_is: str) -> None:
    player = Player()
    speaker = AlsaSpeaker(config if card_is == "there" else NO_CARD, player)
    wait_until(lambda: player.rates_hz or player.errors, "the card is open, or known to be absent")
    heartbeat_goes_on(speaker)
