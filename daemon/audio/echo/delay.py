"""How much later one sound is found in another, to a fraction of a sample.

The phases of the two spectra are compared, and their magnitudes left out (generalised cross-correlation
with phase transform: Knapp and Carter, 1976). So each frequency has one vote: the direct way from the
speaker is a sharp peak, what a room adds lies flat beside it, and a lasting tone, which fits anywhere, has
no peak. Only those of a voice vote: above them there may be nothing but what a converter has left in both
sounds.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hardware.ports import Mono

_VOICE_HZ: Final = (300, 5_000)
_CLEAR: Final = 9.0
"""Noise alone does not rise so far above its own mean square root."""
_SILENT: Final = 1e-4  # -80 dB of full scale
_FAINT: Final = 0.01
"""What is so much fainter than the others has half a vote."""


def find_delay(sound: Mono, inside: Mono, early: int, late: int, rate_hz: int) -> float | None:
    """By how many samples `sound` comes later in `inside`, which is as long; None if it is not found.

    It is looked for from `early` samples before its time to `late` after it.
    """
    size = len(sound)
    sought = np.zeros_like(sound)
    # Cut off sharply, a tone would spread over all frequencies.
    sought[early : size - late] = sound[early : size - late] * np.hanning(size - early - late)
    if min(_loudness(sought), _loudness(inside)) < _SILENT:
        return None
    spectrum = np.conj(np.fft.rfft(sought)) * np.fft.rfft(inside)
    low, high = (hz * size // rate_hz for hz in _VOICE_HZ)
    votes, voice = np.zeros_like(spectrum), spectrum[low:high]
    votes[low:high] = voice / (np.abs(voice) + _FAINT * np.mean(np.abs(voice)))
    match = np.roll(np.fft.irfft(votes, size), early)[: early + late]
    peak = int(np.argmax(match))
    if not 0 < peak < len(match) - 1 or match[peak] < _CLEAR * np.sqrt(np.mean(match**2)):
        return None
    return peak - early + _vertex(*match[peak - 1 : peak + 2])


def _loudness(samples: Mono) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def _vertex(before: float, peak: float, after: float) -> float:
    """Where the parabola through three neighbours is highest, from the one in the middle."""
    return float((before - after) / (2 * (before - 2 * peak + after)))
