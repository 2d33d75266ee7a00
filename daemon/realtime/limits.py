"""Limits of a frame in either direction, and the audio format of the protocol."""

from __future__ import annotations

from typing import Final

RATE_HZ: Final = 24_000
BYTES_PER_S: Final = RATE_HZ * 2
"""PCM16, mono."""

MIN_COMMIT_MS: Final = 100
"""The server refuses to commit less."""

MAX_FRAME_BYTES: Final = 16 * 2**20
MAX_APPEND_BYTES: Final = 64 * 2**10
MAX_MARKS: Final = 500_000
"""Of brackets, braces and commas in JSON: an empty object of three letters takes 150 bytes of memory."""

MAX_ERROR: Final = 1000
"""Characters of an error's message; some servers send a whole page."""

MAX_EVENT_ID: Final = 512
MAX_ITEM_ID: Final = 32
"""Characters of an id that a client gives."""
