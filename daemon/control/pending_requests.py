"""Requests that wait for the machine: an event carries an id, and the answer carries it back."""

from __future__ import annotations

import asyncio
from typing import Any


class PendingRequests:
    """Ids count from 1; 0 is no request."""

    def __init__(self) -> None:
        self._issued = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    def issue(self) -> tuple[int, asyncio.Future[Any]]:
        """An id for an event, and a future for its answer."""
        self._issued += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._issued] = future
        return self._issued, future

    def withdraw(self, request_id: int) -> None:
        """Stop waiting for this answer."""
        self._waiting.pop(request_id, None)

    def resolve(self, request_id: int, answer: Any) -> None:
        """Set the answer, if it is still waited for."""
        future = self._waiting.pop(request_id, None)
        if future is not None and not future.done():
            future.set_result(answer)
