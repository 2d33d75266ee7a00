"""Requests that wait for the machine: a number goes in with an event and comes back with the answer."""

from __future__ import annotations

import asyncio
from typing import Any


class PendingRequests:
    """Numbers from 1 on; 0 is nobody's."""

    def __init__(self) -> None:
        self._issued = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    def issue(self) -> tuple[int, asyncio.Future[Any]]:
        """A number for an event, and what will hold the answer to it."""
        self._issued += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._issued] = future
        return self._issued, future

    def withdraw(self, request_id: int) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(request_id, None)

    def resolve(self, request_id: int, answer: Any) -> None:
        """This is the answer, if anybody waits for it."""
        future = self._waiting.pop(request_id, None)
        if future is not None and not future.done():
            future.set_result(answer)
