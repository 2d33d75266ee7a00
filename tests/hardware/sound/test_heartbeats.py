"""Sound threads that have nothing to do still show the watchdog that they could."""

from __future__ import annotations

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from hardware.ports import SoundConfig
from hardware.sound.alsa_streams import AlsaMicrophone, AlsaSpeaker
from tests.hardware.sound.conftest import Listener, Player, wait_until

NO_CARD = SoundConfig(microphone="hw:31", speaker="hw:31")


def heartbeat_goes_on(thread: AlsaMicrophone | AlsaSpeaker, port: Listener | Player) -> None:
    wait_until(lambda: port.rates_hz or port.errors, "the card is open, or known to be absent")
    before = thread.heartbeats
    wait_until(lambda: thread.heartbeats > before + 1, "the heartbeat goes on")
    thread.close()


@pytest.mark.parametrize("card_is", ["there", "absent"])
def test_an_idle_microphone_has_a_heartbeat(card: VirtualCard, config: SoundConfig, card_is: str) -> None:
    listener = Listener()
    heartbeat_goes_on(AlsaMicrophone(config if card_is == "there" else NO_CARD, listener), listener)


@pytest.mark.parametrize("card_is", ["there", "absent"])
def test_an_idle_speaker_has_a_heartbeat(card: VirtualCard, config: SoundConfig, card_is: str) -> None:
    player = Player()
    heartbeat_goes_on(AlsaSpeaker(config if card_is == "there" else NO_CARD, player), player)
