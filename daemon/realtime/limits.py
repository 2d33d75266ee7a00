"""How much one frame may hold, in either direction, and the sound format of the wire."""

from __future__ import annotations

from typing import Final

RATE_HZ: Final = 24_000
BYTES_PER_S: Final = RATE_HZ * 2
"""PCM16, mono."""

MIN_COMMIT_MS: Final = 100
"""The service refuses to make a message of less."""

MAX_FRAME_BYTES: Final = 16 * 2**20
MAX_APPEND_BYTES: Final = 64 * 2**10
MAX_MARKS: Final = 500_000
"""Of those that begin something in JSON: an empty object of three letters takes 150 bytes of memory."""

MAX_ERROR: Final = 1000
"""Letters of an error's message; some servers put a whole page into it."""

MAX_EVENT_ID: Final = 512
MAX_ITEM_ID: Final = 32
"""Characters of a name that a client gives."""
