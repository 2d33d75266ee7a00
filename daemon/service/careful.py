"""What is to be done one after the other, and must be done whether or not the one before has failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

log = logging.getLogger("voiced")

P = ParamSpec("P")


class Careful:
    """Calls that may fail. Each kind of failure is logged once: what fails now may fail at every step."""

    def __init__(self) -> None:
        self.failed: set[str] = set()
        """What has failed so far, and how."""

    def do(self, what: str, call: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call it; never raises."""
        with self.guard(what):
            call(*args, **kwargs)

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Whatever goes wrong in the block ends it, and nothing else."""
        try:
            yield
        except Exception as error:
            failure = f"{what}: {type(error).__name__}"
            if failure not in self.failed:
                self.failed.add(failure)
                log.exception("%s failed; everything else goes on", what)
