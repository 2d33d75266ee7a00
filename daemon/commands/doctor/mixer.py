"""The mixer of a sound card: finds what mutes it, and unmutes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

import alsaaudio

from hardware.sound.card_discovery import Direction

_CHAIN: Final[dict[Direction, tuple[str, ...]]] = {
    "speaker": ("Master", "PCM", "Digital", "Playback"),
    "microphone": ("Capture",),
}
"""Controls in series: if one is muted, there is silence."""

_WAYS: Final[dict[Direction, tuple[str, ...]]] = {
    "speaker": ("Speaker", "Headphone", "Lineout", "Line Out", "HDMI"),
    "microphone": ("Mic", "Headset Mic", "Line", "ADC", "ADC PCM"),
}
"""Controls in parallel: if all are muted, there is silence."""

_LOW_PERCENT: Final = 20
_PCM: Final = {"speaker": alsaaudio.PCM_PLAYBACK, "microphone": alsaaudio.PCM_CAPTURE}
_SWITCH: Final = {"speaker": "Playback Mute", "microphone": "Capture Mute"}
_VOLUME: Final = {"speaker": "Playback Volume", "microphone": "Capture Volume"}


class MixerControl(NamedTuple):
    """One control in one direction; `percent` is None if it is only a switch."""

    name: str
    muted: bool
    percent: int | None

    @property
    def silent(self) -> bool:
        """Whether it mutes the sound."""
        return self.muted or self.percent == 0


def controls(device: str, direction: Direction) -> list[MixerControl]:
    """The controls of a card, by its ALSA name; none if it has no mixer."""
    found = []
    with quiet(), suppress(alsaaudio.ALSAAudioError):
        for name in dict.fromkeys(alsaaudio.mixers(device=device)):
            mixer = alsaaudio.Mixer(name, device=device)
            percents = mixer.getvolume(_PCM[direction]) if _VOLUME[direction] in mixer.volumecap() else []
            found.append(MixerControl(name, _muted(mixer, direction), max(percents, default=None)))
    return found


def blocking(there: list[MixerControl], direction: Direction) -> list[MixerControl]:
    """The controls that cause silence."""
    chain = [each for each in there if each.name in _CHAIN[direction] and each.silent]
    ways = [each for each in there if each.name in _WAYS[direction]]
    return chain + (ways if all(each.silent for each in ways) else [])


def quiet_ones(there: list[MixerControl], direction: Direction) -> list[MixerControl]:
    """The controls in series that let little through."""
    in_series = [each for each in there if each.name in _CHAIN[direction] and not each.silent]
    return [each for each in in_series if each.percent is not None and each.percent < _LOW_PERCENT]


def unmute(device: str, direction: Direction, names: list[str]) -> bool:
    """Unmute, at the level that was set; a control at zero goes to the middle."""
    with quiet(), suppress(alsaaudio.ALSAAudioError):
        for name in names:
            mixer = alsaaudio.Mixer(name, device=device)
            if _muted(mixer, direction) and direction == "speaker":
                mixer.setmute(0)
            elif _muted(mixer, direction):
                mixer.setrec(1)
            if _VOLUME[direction] in mixer.volumecap() and max(mixer.getvolume(_PCM[direction])) == 0:
                mixer.setvolume(50, alsaaudio.MIXER_CHANNEL_ALL, _PCM[direction])
        return True
    return False


def _muted(mixer: alsaaudio.Mixer, direction: Direction) -> bool:
    if _SWITCH[direction] not in mixer.switchcap():
        return False
    return all(mixer.getmute()) if direction == "speaker" else not any(mixer.getrec())


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the messages of ALSA's library on stderr; errors also come as exceptions."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
