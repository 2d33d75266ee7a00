"""Isolates failures, so that a failed call does not affect what follows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("voiced")


class ErrorIsolation:
    """Makes calls that may fail. Each kind of failure is logged once, as it may recur at every step."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        """The failures so far."""

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """An error in the block ends the block, and nothing else."""
        try:
            yield
        except Exception as error:
            self.report(what, error)

    def report(self, what: str, error: Exception) -> None:
        """Log an error the first time; to be called where it was caught."""
        failure = f"{what}: {type(error).__name__}"
        if failure not in self.failed:
            self.failed.add(failure)
            log.exception("%s failed; everything else goes on", what)
