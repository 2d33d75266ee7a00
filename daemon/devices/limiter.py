"""Enforces the limits of the outputs: nothing else decides when a pin changes.

They hold at any time, whoever asks and however late `tick` is called:

- two changes of an output are at least `min_interval_s` apart (stopping alone overrides this);
- an output is off again `max_on_s` after it went on; a blink counts as one time of being on;
- of two outputs that exclude each other only one is on, or in the middle of a blink or pulse;
- after `stop` every output has its `at_exit` value.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import chain, product, repeat
from typing import assert_never

from daemon.devices import requests
from daemon.devices.requests import DeviceAnswer, Limits, WriteOutput, dark, full, is_on
from daemon.errors import OwnerError
from hardware.ports import Value

BLINK_HALF_S = 0.3
"""How long a blink is on, and off again, unless `min_interval_s` asks for more."""

MAX_WAIT_S = 2.0
"""Outputs that change more slowly than this do not blink, and nothing is delayed for longer."""


class LimitError(OwnerError, ValueError):
    """Limits that contradict each other or themselves."""

    def __init__(self, device: str, field: str, message: str) -> None:
        super().__init__(f"devices.{device}.{field}: {message}")


class Devices:
    """All outputs. It takes requests and the time, and returns answers and the pins to set.

    Raises LimitError for limits that cannot hold together.
    """

    def __init__(self, outputs: Mapping[str, Limits]) -> None:
        self._outputs = {key: _Output(key, limits) for key, limits in outputs.items()}
        self._stopped = False
        for output in self._outputs.values():
            output.rivals = list(self._rivals(output))
            _check(output)

    def start(self, now: float) -> None:
        """Begin: every output has just been set to its `at_start` value."""
        self._stopped = False
        for output in self._outputs.values():
            output.start(now)

    def ask(self, request: requests.Request, now: float) -> tuple[DeviceAnswer, list[WriteOutput]]:
        """Answer a request, after writing whatever was due before it."""
        writes = self.tick(now)
        output = self._outputs.get(request.device)
        if output is None:
            return DeviceAnswer(False, f"There is no output called {request.device}."), writes
        if self._stopped and not isinstance(request, requests.Query):
            return DeviceAnswer(
                False, f"The {output.name} cannot be set any more: the service is stopping."
            ), writes
        answer = output.answer(request, now)
        return answer, writes + output.run(now)

    def tick(self, now: float) -> list[WriteOutput]:
        """Write what is due: the steps of blinks and pulses, and the end of `max_on_s`."""
        return [write for output in self._outputs.values() for write in output.run(now)]

    def stop(self, now: float) -> list[WriteOutput]:
        """Bring every output to its `at_exit` value, those that go off first, and take no more requests."""
        self._stopped = True
        writes = [write for output in self._outputs.values() for write in output.stop(now)]
        return sorted(writes, key=lambda write: is_on(write.value))

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next, or None."""
        earliest = min((output.deadline for output in self._outputs.values()), default=math.inf)
        return earliest if earliest < math.inf else None

    def values(self) -> dict[str, Value]:
        """What every output is set to now."""
        return {key: output.value for key, output in self._outputs.items()}

    def described(self) -> str:
        """The same in a sentence for each."""
        return " ".join(requests.describe(output.limits, output.value) for output in self._outputs.values())

    def _rivals(self, output: _Output) -> Iterator[_Output]:
        for key in output.limits.exclusive_with:
            if key not in self._outputs or key == output.key:
                raise LimitError(output.key, "exclusive_with", f"{key!r} is not another output: name one")
        for other in self._outputs.values():
            if other.key in output.limits.exclusive_with or output.key in other.limits.exclusive_with:
                yield other


class _Output:
    """One output: its value, since when it is on, and the steps that lie ahead.

    A step is (wait, value): `value` is written `wait` seconds after the step before it was. Waits count from
    the real time of that write, so that a late clock never brings two changes too close together.
    """

    def __init__(self, key: str, limits: Limits) -> None:
        self.key = key
        self.name = limits.name
        self.limits = limits
        self.rivals: list[_Output] = []
        self.value = limits.at_start
        self._changed_at = -math.inf
        self._on_since: float | None = None
        self._steps: deque[tuple[float, Value]] = deque()
        self._due = math.inf

    @property
    def engaged(self) -> bool:
        """Whether it is on, or about to be."""
        return is_on(self.value) or bool(self._steps)

    @property
    def deadline(self) -> float:
        return min(self._due, self._off_at(math.inf))

    def start(self, now: float) -> None:
        self.value = self.limits.at_start
        self._changed_at = now
        self._on_since = None
        self._plan(now)

    def stop(self, now: float) -> list[WriteOutput]:
        self._plan(now)
        writes = self._write(self.limits.at_exit, now)
        self._on_since = None  # no tick will follow
        return writes

    def run(self, now: float) -> list[WriteOutput]:
        """Do what is due at `now`: at most one write."""
        if self._off_at(math.inf) <= now:
            self._plan(now)
            return self._write(dark(self.limits.takes), now)
        if self._due > now:
            return []
        _, value = self._steps.popleft()
        if is_on(value) and not self._leaves_interval(now):
            self._plan(now)
            return []
        self._due = now + self._steps[0][0] if self._steps else math.inf
        return self._write(value, now)

    def answer(self, request: requests.Request, now: float) -> DeviceAnswer:
        """Plan the steps of a request, or refuse it with a sentence. Writes nothing yet."""
        match request:
            case requests.Query():
                return DeviceAnswer(True, requests.describe(self.limits, self.value))
            case requests.SetState(state=wanted):
                return self._set_state(not self.engaged if wanted == "toggle" else wanted == "on", now)
            case requests.SetLevel(percent=percent):
                return self._set_level(percent / 100, now)
            case requests.ChangeLevel(by=by):
                resting = self._steps and not is_on(self.value)
                return self._set_level(
                    requests.changed(self._steps[-1][1] if resting else self.value, by), now
                )
            case requests.SetColour(colour=colour):
                return self._set_colour(colour, now)
            case requests.SetValue(value=value):
                return self._set(value, requests.state(value, self.limits.states), now)
            case requests.Blink(times=times):
                return self._blink(times, now)
            case requests.Pulse(seconds=seconds):
                return self._pulse(seconds, now)
            case _:
                assert_never(request)

    def _set_state(self, on: bool, now: float) -> DeviceAnswer:
        value = full(self.limits.takes) if on else dark(self.limits.takes)
        return self._set(value, "on" if on else "off", now)

    def _set_level(self, level: float, now: float) -> DeviceAnswer:
        match self.limits.takes:
            case "switch":
                return DeviceAnswer(False, f"The {self.name} can only be switched on or off.")
            case "colour":
                said = f"The {self.name} can only be switched on or off, or take a colour."
                return DeviceAnswer(False, said)
            case "level":
                percent = abs(round(level * 100))
                return self._set(level, f"at {percent} percent" if percent else "off", now)
            case _:
                assert_never(self.limits.takes)

    def _set_colour(self, colour: requests.Colour, now: float) -> DeviceAnswer:
        if self.limits.takes != "colour":
            return DeviceAnswer(False, f"The {self.name} has no colours.")
        return self._set(requests.COLOURS[colour], colour, now)

    def _set(self, value: Value, said: str, now: float) -> DeviceAnswer:
        refusal = self._refusal(value, now)
        if refusal:
            return DeviceAnswer(False, refusal)
        if value == self.value:
            self._plan(now)
        else:
            self._plan(now, (self._pause(now), value))
        return DeviceAnswer(True, f"The {self.name} is {said}.")

    def _blink(self, times: int, now: float) -> DeviceAnswer:
        half_s = max(BLINK_HALF_S, self.limits.min_interval_s)
        if half_s > MAX_WAIT_S:
            return DeviceAnswer(False, f"The {self.name} changes too slowly to blink.")
        wait_s = self._pause(now)
        refusal = self._exclusion() or self._overlong(wait_s + 2 * times * half_s, now)
        if refusal:
            return DeviceAnswer(False, refusal)
        rest = self._steps[-1][1] if self._steps else self.value
        off = dark(self.limits.takes)
        pair = (off, rest) if is_on(rest) else (self._bright(), off)
        values = chain.from_iterable(repeat(pair, times))
        waits = chain([wait_s], repeat(half_s))
        self._plan(now, *zip(waits, values, strict=False))
        return DeviceAnswer(True, f"The {self.name} blinks {'once' if times == 1 else f'{times} times'}.")

    def _pulse(self, seconds: float, now: float) -> DeviceAnswer:
        hold_s = max(seconds, self.limits.min_interval_s)
        bright = self._bright()
        refusal = self._refusal(bright, now) or self._overlong(hold_s, now)
        if refusal:
            return DeviceAnswer(False, refusal)
        wait_s = 0.0 if bright == self.value else self._pause(now)
        self._plan(now, (wait_s, bright), (hold_s, dark(self.limits.takes)))
        return DeviceAnswer(True, f"The {self.name} is on for {requests.duration(hold_s)}.")

    def _refusal(self, value: Value, now: float) -> str | None:
        """Why this value cannot be set now; None if it can, perhaps after a short pause."""
        if is_on(value) and (excluded := self._exclusion()):
            return excluded
        if value == self.value:
            return None
        wait_s = self._pause(now)
        # A request that interrupts a blink may wait; any other is refused instead.
        if wait_s > (MAX_WAIT_S if self._steps else 0.0):
            return f"The {self.name} cannot change again for {requests.duration(wait_s)}."
        if is_on(value) and not self._leaves_interval(now + wait_s):
            return f"The {self.name} is about to go off."
        return None

    def _exclusion(self) -> str | None:
        rival = next((rival for rival in self.rivals if rival.engaged), None)
        return f"The {self.name} stays off while the {rival.name} is on." if rival else None

    def _overlong(self, on_s: float, now: float) -> str | None:
        """Refuse to be on for this long from now, if that is more than is left of `max_on_s`."""
        if now + on_s <= self._off_at(now):
            return None
        return f"The {self.name} may only be on for {requests.duration(self.limits.max_on_s or 0.0)}."

    def _bright(self) -> Value:
        return self.value if is_on(self.value) else full(self.limits.takes)

    def _pause(self, now: float) -> float:
        """How long until the next change is allowed."""
        return max(0.0, self._changed_at + self.limits.min_interval_s - now)

    def _off_at(self, now: float) -> float:
        """When `max_on_s` ends, for an output that is on already or else goes on at `now`."""
        if self.limits.max_on_s is None:
            return math.inf
        return (now if self._on_since is None else self._on_since) + self.limits.max_on_s

    def _leaves_interval(self, now: float) -> bool:
        """Whether a change now leaves `min_interval_s` until the forced end of being on."""
        return now + self.limits.min_interval_s <= self._off_at(now)

    def _plan(self, now: float, *steps: tuple[float, Value]) -> None:
        """Replace the steps ahead."""
        self._steps = deque(steps)
        self._due = now + steps[0][0] if steps else math.inf
        self._settle(now)

    def _write(self, value: Value, now: float) -> list[WriteOutput]:
        changed = value != self.value
        if changed:
            self.value = value
            self._changed_at = now
        self._settle(now)
        return [WriteOutput(self.key, value)] if changed else []

    def _settle(self, now: float) -> None:
        """Keep the time since when it is on; the dark moments of a blink count as on."""
        if is_on(self.value) and self._on_since is None:
            self._on_since = now
        elif not self.engaged:
            self._on_since = None


def _check(output: _Output) -> None:
    """Raise LimitError for limits that cannot hold from start to end."""
    limits = output.limits
    if limits.max_on_s is not None and limits.max_on_s < limits.min_interval_s:
        raise LimitError(
            output.key, "max_on_s", f"must be at least min_interval_s ({limits.min_interval_s:g})"
        )
    for field, rival in product(("at_start", "at_exit"), output.rivals):
        if is_on(getattr(limits, field)) and is_on(getattr(rival.limits, field)):
            words = f"{rival.key!r} excludes it and is on as well: let one be off"
            raise LimitError(output.key, field, words)
