"""SpeexDSP, for wake word and brain: it takes less away, and leaves whole what somebody says meanwhile."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_int, c_void_p
from typing import Any, Final

import numpy as np

from daemon.audio.echo.engine import EchoEngine
from daemon.audio.pcm import quantised
from hardware.ports import Mono

_FRAMES_PER_S: Final = 100
_TAIL_MS: Final = 160
_SET_SAMPLING_RATE: Final = 24
_FULL_SCALE: Final = np.float32(1 / 32768)
_SIGNATURES: Final[dict[str, tuple[Any, ...]]] = {
    "speex_echo_state_init": (c_void_p, c_int, c_int),
    "speex_echo_state_destroy": (None, c_void_p),
    "speex_echo_state_reset": (None, c_void_p),
    "speex_echo_ctl": (c_int, c_void_p, c_int, c_void_p),
    "speex_echo_cancellation": (None, c_void_p, c_void_p, c_void_p, c_void_p),
}


class Speex:
    """A filter of `_TAIL_MS` that learns block by block."""

    def __init__(self, rate_hz: int) -> None:
        self._library = _library()
        self.frames = rate_hz // _FRAMES_PER_S
        self._state = c_void_p(self._library.speex_echo_state_init(self.frames, rate_hz * _TAIL_MS // 1000))
        self._library.speex_echo_ctl(self._state, _SET_SAMPLING_RATE, byref(c_int(rate_hz)))

    def __del__(self) -> None:
        if state := getattr(self, "_state", None):
            self._library.speex_echo_state_destroy(state)

    def process(self, microphone: Mono, reference: Mono) -> Mono:
        """The microphone's samples without the echo."""
        near, far = quantised(microphone), quantised(reference)
        cleaned = np.empty_like(near)
        starts = [each.ctypes.data for each in (near, far, cleaned)]
        for at in range(0, near.nbytes, self.frames * near.itemsize):
            self._library.speex_echo_cancellation(self._state, *(start + at for start in starts))
        return cleaned * _FULL_SCALE

    def reset(self) -> None:
        """Forget what was learned."""
        self._library.speex_echo_state_reset(self._state)


def _library() -> Any:
    library = ctypes.CDLL("libspeexdsp.so.1")
    for name, (result, *arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


ENGINE = EchoEngine(Speex, "libspeexdsp1", "apt install libspeexdsp1")
