"""The end of the process, which nothing may hold up.

Python waits at its end for threads, and closes what they have opened: a thread that hangs in a call of ALSA,
or a file on a disk that does not answer, would keep it for ever.
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
"""From SIGTERM to the end, whatever hangs. An output that is not safe by then is made so by ExecStopPost=."""


class Shutdown:
    """Made before whatever else has something to do at the end, which is done first.

    `status` is the exit status: 1 until somebody knows better.
    """

    def __init__(self) -> None:
        self.status = 1
        atexit.register(self._leave)

    def soon(self) -> None:
        """Told to stop: the process is over within the limit."""
        threading.Thread(target=self._leave_in_time, name="leaving", daemon=True).start()

    def _leave_in_time(self) -> None:
        time.sleep(LIMIT_S)
        os._exit(0)

    def _leave(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(self.status)
