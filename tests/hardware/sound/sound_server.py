"""What a test does to the sound server of a virtual card."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.commands.demo.virtualcard import VirtualCard


def pactl(card: VirtualCard, *words: str) -> str:
    """Have it do this; what it says."""
    env = {**os.environ, **card.env}
    done = subprocess.run(["pactl", *words], env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@contextmanager
def standing_still(card: VirtualCard) -> Iterator[None]:
    """It answers nobody meanwhile."""
    assert card.server is not None
    card.server.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        card.server.send_signal(signal.SIGCONT)
