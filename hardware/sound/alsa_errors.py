"""What pyalsaaudio does not offer of ALSA's C library."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache

# void (*)(const char *file, int line, const char *function, int err, const char *fmt, ...)
_Handler = ctypes.CFUNCTYPE(None, *(ctypes.c_char_p, ctypes.c_int) * 2, ctypes.c_char_p)


_nothing = _Handler(lambda *_: None)


@cache
def silence_messages() -> None:
    """Report errors by return codes only: the library also writes to stderr for each missing card."""
    with suppress(OSError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_nothing)
