"""A card that is missing is told once, in our own sentence: ALSA's C library says nothing."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import time
from hardware.sound.alsa_streams import AlsaSpeaker
from hardware.ports import SoundConfig
class Lane:
    def failed(self, error): print(error)
speaker = AlsaSpeaker(SoundConfig(speaker="hw:CARD=Nowhere"), Lane())
time.sleep(1)
speaker.close()
"""


def test_a_missing_card_is_told_in_one_sentence() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
