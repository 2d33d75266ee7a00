"""WebRTC's AEC3, for what goes to a server: it takes most away, and with it some of who speaks meanwhile."""

from __future__ import annotations

from daemon.audio.echo.engine import EchoEngine
from daemon.audio.resampler import Resampler
from hardware.ports import Mono

_RATES_HZ = (16_000, 32_000, 48_000)
_FRAMES_PER_S = 100


class Aec3:
    """It works at its own rate, the next that is not lower: our resampler costs half of what its own does."""

    def __init__(self, rate_hz: int) -> None:
        from pywebrtc_audio import EchoCanceller

        own_hz = next((hz for hz in _RATES_HZ if hz >= rate_hz), _RATES_HZ[-1])
        self.frames = rate_hz // _FRAMES_PER_S
        self._canceller = EchoCanceller(own_hz)
        self._microphone, self._reference = Resampler(rate_hz, own_hz), Resampler(rate_hz, own_hz)
        self._cleaned = Resampler(own_hz, rate_hz)

    def process(self, microphone: Mono, reference: Mono) -> Mono:
        """The microphone's samples without the echo."""
        near, far = self._microphone.process(microphone), self._reference.process(reference)
        return self._cleaned.process(self._canceller.process(near, far))

    def reset(self) -> None:
        """Forget what was learned."""
        self._canceller.reset()


ENGINE = EchoEngine(Aec3, "pywebrtc-audio", "pip install 'voiced[handsfree]'")
