"""Scenarios by chapters; chapters may share a machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tests.system.appliance.hands import Hands

Figures: TypeAlias = dict[str, Any]
Act: TypeAlias = Callable[[Hands], Figures]


@dataclass(frozen=True)
class Scenario:
    """One thing that the machine must show; `act` raises where it does not, and returns what it measured."""

    name: str
    shows: str
    act: Act
    smoke: bool


@dataclass
class Chapter:
    """Scenarios in their order. Voiced is on the machine, unless the first installs it."""

    name: str
    scenarios: list[Scenario] = field(default_factory=list)

    def scenario(self, shows: str, *, smoke: bool = False) -> Callable[[Act], Act]:
        """Make a function a scenario of this chapter; `shows` is one line for the table."""

        def add(act: Act) -> Act:
            self.scenarios.append(Scenario(act.__name__, shows, act, smoke))
            return act

        return add
