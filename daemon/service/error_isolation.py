"""Isolates failures, so that a failed call does not affect what follows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

log = logging.getLogger("voiced")

P = ParamSpec("P")


class ErrorIsolation:
    """Makes calls that may fail. Each kind of failure is logged once, as it may recur at every step."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        """The failures so far."""

    def run(self, what: str, call: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call it; never raises."""
        try:
            call(*args, **kwargs)
        except Exception as error:
            self.report(what, error)

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
