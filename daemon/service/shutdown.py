"""Ends the process within a limit, whatever hangs.

At exit Python waits for threads and closes their files: a thread that hangs in ALSA, or a file on a disk that
does not respond, would delay it for ever.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Final

LIMIT_S: Final = 1.6
"""From SIGTERM to the end, whatever hangs. ExecStopPost= makes outputs safe that are not by then."""


class Shutdown:
    """To be made first, so that all other exit handlers run before its own.

    `status` is the exit status, 1 until it is set.
    """

    def __init__(self) -> None:
        self.status = 1
        atexit.register(self._leave)

    def soon(self) -> None:
        """End the process within the limit."""
        threading.Thread(target=self._leave_in_time, name="leaving", daemon=True).start()

    def _leave_in_time(self) -> None:
        time.sleep(LIMIT_S)
        os._exit(0)

    def _leave(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(self.status)
