"""What the virtual card says when it cannot be made or fed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import alsaaudio
import pytest

from daemon.commands.demo.virtualcard import VirtualCard, VirtualCardError


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(VirtualCardError, match="apt install pulseaudio pulseaudio-utils libasound2-plugins"):
        VirtualCard().__enter__()


def test_a_file_that_is_no_sound_is_named(card: VirtualCard, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no sound")
    with pytest.raises(VirtualCardError, match=r"notes\.txt"):
        card.feed(path)


def test_an_open_card_shares_no_memory_with_its_server(card: VirtualCard) -> None:
    """Where it does, each pull of the card in use may hang the program for ever: one in a dozen did."""
    opened = alsaaudio.PCM(device=card.speaker, rate=card.rate_hz, channels=1, periodsize=480, periods=8)
    with closing(opened) as pcm:
        pcm.write(bytes(960))
        assert "memfd:pulseaudio" not in Path("/proc/self/maps").read_text()
