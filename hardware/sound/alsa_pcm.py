"""A PCM of ALSA's C library, by ctypes: while a call lasts, the rest of the process goes on.

pyalsaaudio keeps Python's lock while it opens, drops and closes. With a sound server that does not answer,
each of these lasts for half a minute, and nothing else in the process could run meanwhile, not even its
shutdown.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_short, c_uint, c_ulong, c_ushort, c_void_p
from functools import cache
from typing import Any, Final, TypeAlias

from alsaaudio import PCM_STATE_SETUP, ALSAAudioError

Rates: TypeAlias = int | tuple[int, int] | list[int]
"""The only rate, the two bounds of a range, or a choice."""

_INTERLEAVED: Final = 3
_FORMATS: Final = range(53)
_COMMON_HZ: Final = (
    *(4_000, 5_512, 8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 37_800, 44_056, 44_100),
    *(48_000, 64_000, 88_200, 96_000, 176_400, 192_000, 384_000),
)


class _PollFd(ctypes.Structure):
    _fields_ = (("fd", c_int), ("events", c_short), ("revents", c_short))


_HANDLE = c_void_p
_SIGNATURES: Final[dict[str, tuple[Any, ...]]] = {
    "snd_strerror": (c_char_p, c_int),
    "snd_pcm_open": (c_int, POINTER(_HANDLE), c_char_p, c_int, c_int),
    "snd_pcm_close": (c_int, _HANDLE),
    "snd_pcm_drop": (c_int, _HANDLE),
    "snd_pcm_prepare": (c_int, _HANDLE),
    "snd_pcm_state": (c_int, _HANDLE),
    "snd_pcm_avail": (c_long, _HANDLE),
    "snd_pcm_readi": (c_long, _HANDLE, c_void_p, c_ulong),
    "snd_pcm_writei": (c_long, _HANDLE, c_char_p, c_ulong),
    "snd_pcm_poll_descriptors_count": (c_int, _HANDLE),
    "snd_pcm_poll_descriptors": (c_int, _HANDLE, POINTER(_PollFd), c_uint),
    "snd_pcm_poll_descriptors_revents": (c_int, _HANDLE, POINTER(_PollFd), c_uint, POINTER(c_ushort)),
    "snd_pcm_format_name": (c_char_p, c_int),
    "snd_pcm_format_physical_width": (c_int, c_int),
    "snd_pcm_info_malloc": (c_int, POINTER(c_void_p)),
    "snd_pcm_info": (c_int, _HANDLE, c_void_p),
    "snd_pcm_info_get_card": (c_int, c_void_p),
    "snd_pcm_info_get_device": (c_uint, c_void_p),
    "snd_pcm_info_free": (None, c_void_p),
    "snd_pcm_hw_params_malloc": (c_int, POINTER(c_void_p)),
    "snd_pcm_hw_params_free": (None, c_void_p),
    "snd_pcm_hw_params_any": (c_int, _HANDLE, c_void_p),
    "snd_pcm_hw_params_current": (c_int, _HANDLE, c_void_p),
    "snd_pcm_hw_params": (c_int, _HANDLE, c_void_p),
    "snd_pcm_hw_params_set_access": (c_int, _HANDLE, c_void_p, c_int),
    "snd_pcm_hw_params_set_format": (c_int, _HANDLE, c_void_p, c_int),
    "snd_pcm_hw_params_set_channels": (c_int, _HANDLE, c_void_p, c_uint),
    "snd_pcm_hw_params_set_rate_near": (c_int, _HANDLE, c_void_p, POINTER(c_uint), c_void_p),
    "snd_pcm_hw_params_set_period_size_near": (c_int, _HANDLE, c_void_p, POINTER(c_ulong), c_void_p),
    "snd_pcm_hw_params_set_periods_near": (c_int, _HANDLE, c_void_p, POINTER(c_uint), c_void_p),
    "snd_pcm_hw_params_test_format": (c_int, _HANDLE, c_void_p, c_int),
    "snd_pcm_hw_params_test_rate": (c_int, _HANDLE, c_void_p, c_uint, c_int),
    "snd_pcm_hw_params_get_rate_min": (c_int, c_void_p, POINTER(c_uint), c_void_p),
    "snd_pcm_hw_params_get_rate_max": (c_int, c_void_p, POINTER(c_uint), c_void_p),
    "snd_pcm_hw_params_get_rate": (c_int, c_void_p, POINTER(c_uint), c_void_p),
    "snd_pcm_hw_params_get_format": (c_int, c_void_p, POINTER(c_int)),
    "snd_pcm_hw_params_get_channels": (c_int, c_void_p, POINTER(c_uint)),
    "snd_pcm_hw_params_get_period_size": (c_int, c_void_p, POINTER(c_ulong), c_void_p),
    "snd_pcm_hw_params_get_buffer_size": (c_int, c_void_p, POINTER(c_ulong)),
}


@cache
def _alsa() -> Any:
    library = ctypes.CDLL("libasound.so.2")
    for name, (result, *arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class AlsaPcm:
    """An open PCM; the card may have settled on other parameters than requested: `info` has them.

    Belongs to one thread. Raises ALSAAudioError.
    """

    def __init__(
        self,
        *,
        type: int,
        device: str,
        rate: int,
        channels: int,
        format: int,
        periodsize: int,
        periods: int,
        waits: bool = True,
    ) -> None:
        self._alsa = _alsa()
        self._device = device
        self._type = type
        self._handle = _HANDLE()
        self._check(self._alsa.snd_pcm_open(byref(self._handle), device.encode(), type, 0 if waits else 1))
        try:
            self._set(rate, channels, format, periodsize, periods)
            self._facts = self._settled()
        except ALSAAudioError:
            self.close()
            raise
        self._frame_bytes = self._facts["frame_bytes"]
        self._buffer = ctypes.create_string_buffer(self._facts["period_size"] * self._frame_bytes)

    def info(self) -> dict[str, Any]:
        """What the card has settled on, and which card of the kernel it is (-1 for none)."""
        return self._facts

    def getformats(self) -> list[str]:
        """The names of the formats that it takes."""
        with self._parameters(self._alsa.snd_pcm_hw_params_any) as any_at_all:
            test = self._alsa.snd_pcm_hw_params_test_format
            known = [each for each in _FORMATS if self._alsa.snd_pcm_format_name(each)]
            able = [each for each in known if test(self._handle, any_at_all, each) == 0]
        return [self._alsa.snd_pcm_format_name(each).decode() for each in able]

    def getrates(self) -> Rates:
        """The rates in Hz that it takes."""
        with self._parameters(self._alsa.snd_pcm_hw_params_any) as any_at_all:
            least = self._parameter("rate_min", c_uint, any_at_all, None)
            most = self._parameter("rate_max", c_uint, any_at_all, None)
            if least == most:
                return least
            test = self._alsa.snd_pcm_hw_params_test_rate
            if test(self._handle, any_at_all, least + 1, 0) == 0:
                return least, most
            return [hz for hz in _COMMON_HZ if test(self._handle, any_at_all, hz, 0) == 0]

    def read(self) -> tuple[int, bytes]:
        """One period: frames and their bytes; 0 where nothing is there, -EPIPE after an overrun."""
        frames = self._moved(self._alsa.snd_pcm_readi, self._buffer, self._facts["period_size"])
        return frames, self._buffer.raw[: max(0, frames) * self._frame_bytes]

    def write(self, data: bytes) -> int:
        """How many frames were taken; -EPIPE after an underrun, with the card ready and nothing written."""
        return self._moved(self._alsa.snd_pcm_writei, data, len(data) // self._frame_bytes)

    def avail(self) -> int:
        """Frames to read, or room to write; a negative number is an error of ALSA."""
        frames: int = self._alsa.snd_pcm_avail(self._handle)
        return frames

    def state(self) -> int:
        """One of alsaaudio.PCM_STATE_*."""
        state: int = self._alsa.snd_pcm_state(self._handle)
        return state

    def pcmtype(self) -> int:
        """alsaaudio.PCM_PLAYBACK or PCM_CAPTURE."""
        return self._type

    def poll(self) -> None:
        """Have ALSA handle events on its poll descriptors."""
        count = max(0, self._alsa.snd_pcm_poll_descriptors_count(self._handle))
        descriptors = (_PollFd * count)()
        self._check(self._alsa.snd_pcm_poll_descriptors(self._handle, descriptors, count))
        told = c_ushort()
        self._check(
            self._alsa.snd_pcm_poll_descriptors_revents(self._handle, descriptors, count, byref(told))
        )

    def drop(self) -> None:
        """Stop at once; what is in the buffer is lost."""
        self._check(self._alsa.snd_pcm_drop(self._handle))

    def close(self) -> None:
        """Release the card without waiting for unplayed sound; nothing else may be called then."""
        handle, self._handle = self._handle, _HANDLE()
        if handle:
            self._alsa.snd_pcm_close(handle)

    # ------------------------------------------------------------ parts

    def _moved(self, move: Any, data: Any, frames: int) -> int:
        # After a drop it has to be made ready again.
        if self.state() == PCM_STATE_SETUP:
            self._check(self._alsa.snd_pcm_prepare(self._handle))
        result: int = move(self._handle, data, frames)
        if result == -errno.EAGAIN:
            return 0
        if result == -errno.EPIPE:
            self._check(self._alsa.snd_pcm_prepare(self._handle))
            return result
        return self._check(result)

    def _set(self, rate: int, channels: int, format: int, periodsize: int, periods: int) -> None:
        alsa, handle = self._alsa, self._handle
        with self._parameters(alsa.snd_pcm_hw_params_any) as params:
            alsa.snd_pcm_hw_params_set_access(handle, params, _INTERLEAVED)
            alsa.snd_pcm_hw_params_set_format(handle, params, format)
            alsa.snd_pcm_hw_params_set_channels(handle, params, channels)
            alsa.snd_pcm_hw_params_set_rate_near(handle, params, byref(c_uint(rate)), None)
            alsa.snd_pcm_hw_params_set_period_size_near(handle, params, byref(c_ulong(periodsize)), None)
            alsa.snd_pcm_hw_params_set_periods_near(handle, params, byref(c_uint(periods)), None)
            self._check(alsa.snd_pcm_hw_params(handle, params))

    def _settled(self) -> dict[str, Any]:
        card_no, device_no = self._card()
        with self._parameters(self._alsa.snd_pcm_hw_params_current) as now:
            channels = self._parameter("channels", c_uint, now)
            format_number = self._parameter("format", c_int, now)
            sample_bits = self._alsa.snd_pcm_format_physical_width(format_number)
            return {
                "card_no": card_no,
                "device_no": device_no,
                "rate": self._parameter("rate", c_uint, now, None),
                "channels": channels,
                "format_name": self._alsa.snd_pcm_format_name(format_number).decode(),
                "frame_bytes": channels * sample_bits // 8,
                "period_size": self._parameter("period_size", c_ulong, now, None),
                "buffer_size": self._parameter("buffer_size", c_ulong, now),
            }

    @contextmanager
    def _parameters(self, fill: Any) -> Iterator[c_void_p]:
        """A set of hardware parameters, as this call of ALSA fills it."""
        parameters = c_void_p()
        self._check(self._alsa.snd_pcm_hw_params_malloc(byref(parameters)))
        try:
            self._check(fill(self._handle, parameters))
            yield parameters
        finally:
            self._alsa.snd_pcm_hw_params_free(parameters)

    def _parameter(self, name: str, kind: Any, of: c_void_p, *direction: None) -> int:
        value = kind()
        self._check(getattr(self._alsa, f"snd_pcm_hw_params_get_{name}")(of, byref(value), *direction))
        number: int = value.value
        return number

    def _card(self) -> tuple[int, int]:
        info = c_void_p()
        self._check(self._alsa.snd_pcm_info_malloc(byref(info)))
        try:
            self._alsa.snd_pcm_info(self._handle, info)
            card: int = self._alsa.snd_pcm_info_get_card(info)
            device: int = self._alsa.snd_pcm_info_get_device(info)
            return card, device
        finally:
            self._alsa.snd_pcm_info_free(info)

    def _check(self, result: int) -> int:
        """The result of a call of ALSA. Raises ALSAAudioError for a negative one."""
        if result >= 0:
            return result
        raise ALSAAudioError(f"{self._alsa.snd_strerror(result).decode()} [{self._device}]")
