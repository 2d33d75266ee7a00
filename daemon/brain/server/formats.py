"""The audio formats of the wire, and conversions to samples and back.

Sound is kept as it came and as it went, so that lengths, cuts and what is retrieved are the client's own;
the recogniser, the voice and the voice detection are met at their rates on the way in and out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from daemon.audio import g711
from daemon.audio.g711 import Law
from daemon.audio.pcm import from_pcm16, quantised, to_pcm16
from daemon.audio.resampler import Resampler
from daemon.realtime.events import RATE_HZ, Json
from hardware.ports import Mono


@dataclass(frozen=True)
class WireFormat:
    """PCM16 little-endian, or G.711 where there is a law; mono."""

    type: str
    rate_hz: int
    law: Law | None = None

    @property
    def sample_bytes(self) -> int:
        """How many bytes a sample has."""
        return 1 if self.law else 2

    @property
    def bytes_per_ms(self) -> int:
        """How many bytes a millisecond has."""
        return self.rate_hz * self.sample_bytes // 1000

    def ms(self, sound: bytes | bytearray) -> int:
        """How many whole milliseconds this sound lasts."""
        return len(sound) // self.bytes_per_ms

    def samples(self, sound: bytes) -> Mono:
        """The samples at `rate_hz`."""
        return from_pcm16(g711.expand(sound, self.law).tobytes() if self.law else sound)

    def sound(self, samples: Mono) -> bytes:
        """Samples at `rate_hz` as they go over the wire."""
        return g711.compress(quantised(samples), self.law) if self.law else to_pcm16(samples)

    def echo(self) -> Json:
        """The format as events name it."""
        return {"type": self.type} if self.law else {"type": self.type, "rate": self.rate_hz}


PCM16 = WireFormat("audio/pcm", RATE_HZ)
PCMU = WireFormat("audio/pcmu", g711.RATE_HZ, "mu")
PCMA = WireFormat("audio/pcma", g711.RATE_HZ, "a")


class Pcm16Stream:
    """A client's sound, piece by piece, as PCM16 at 24 kHz: what the voice detection is fed with."""

    def __init__(self, format: WireFormat) -> None:
        self._format = format
        self._resampler = Resampler(format.rate_hz, RATE_HZ)

    def feed(self, sound: bytes) -> bytes:
        """The next piece; as many milliseconds as went in."""
        if self._format == PCM16:
            return sound
        return to_pcm16(self._resampler.process(self._format.samples(sound)))


def resampled(sound: bytes, format: WireFormat, rate_hz: int) -> Mono:
    """The whole of a sound as samples at this rate, each frequency as late as the others."""
    return Resampler(format.rate_hz, rate_hz, "linear").whole(format.samples(sound))


def recoded(sound: bytes, old: WireFormat, new: WireFormat) -> bytes:
    """The same sound in another format, as many whole milliseconds."""
    if old == new:
        return sound
    return in_whole_ms(Resampler(old.rate_hz, new.rate_hz).process(old.samples(sound)), new)


def in_whole_ms(samples: Mono, format: WireFormat) -> bytes:
    """Samples at the format's rate for the wire, with silence to the next full millisecond.

    So a client that counts in milliseconds and a server that counts in bytes agree on where a sound ends.
    """
    per_ms = format.rate_hz // 1000
    silence = np.zeros(-len(samples) % per_ms, np.float32)
    return format.sound(np.concatenate([samples, silence]))
