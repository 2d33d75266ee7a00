"""Steps the machine with events, carries out its effects, and wakes it at its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from daemon.core import events as ev
from daemon.core.machine import Machine
from daemon.core.transitions import TransitionError, TransitionTable
from daemon.service.error_isolation import ErrorIsolation
from daemon.service.notifier import Notifier


class MachineDriver:
    """To be used on the event loop, but for `post` and `call`, which may come from any thread.

    The same parts produce events and receive effects: the driver is made first, so that they can be given
    `happened`; then `attach` connects the machine.
    """

    machine: Machine

    def __init__(self, notifier: Notifier, isolation: ErrorIsolation, clock: Callable[[], float]) -> None:
        self._publish = notifier.publish
        self._isolation = isolation
        self.clock = clock
        self._driving = False
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None

    def attach(self, machine: Machine, carry_out: Callable[[ev.Effect], None]) -> None:
        """Drive this machine."""
        self.machine = machine
        self._carry_out = carry_out

    def open(self) -> None:
        """Use the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._driving = True

    def close(self) -> None:
        """Stop driving: what comes while the other parts end would have the machine dial again."""
        self._driving = False
        self._wake_at(None)

    @property
    def waits(self) -> bool:
        """Whether the machine will be woken."""
        return self._timer is not None

    def call(self, call: Callable[..., object], *args: Any) -> None:
        """Call this on the event loop; from any thread."""
        try:  # noqa: SIM105  # `suppress` costs three calls for each piece of sound
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            pass  # the loop is closed: the service is stopping

    def later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Call this on the event loop after a delay."""
        return self._loop.call_later(seconds, call)

    def post(self, event: ev.Input) -> None:
        """Step the machine with an event; from any thread."""
        self.call(self.happened, event)

    def happened(self, event: ev.Input) -> None:
        """Step the machine with an event and carry out its effects; a failed one does not stop the others."""
        if not self._driving:
            return
        self._publish(event)
        try:
            effects = self.machine.step(event, self.clock())
        except Exception as error:
            self._isolation.report(type(event).__name__, error)
            effects = self._left_over()
        for effect in effects:
            self._publish(effect)
            try:
                self._carry_out(effect)
            except Exception as error:
                self._isolation.report(type(effect).__name__, error)
        for phase, cause in TransitionTable.unknown:
            with self._isolation.guard(f"{phase}, {cause}"):
                raise TransitionError("The table of phases has no such way; the phase has stayed.")
        if (deadline := self.machine.deadline) != self._deadline:
            self._wake_at(deadline)

    def _left_over(self) -> list[ev.Effect]:
        """The effects of a step that broke off, and those that follow from the state it has reached."""
        with self._isolation.guard("Tick"):
            return self.machine.step(ev.Tick(), self.clock())
        return []

    def _wake_at(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._tick)
        self._deadline = deadline

    def _tick(self) -> None:
        self._timer = self._deadline = None
        self.happened(ev.Tick())
