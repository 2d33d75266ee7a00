"""One plan of faults, played and judged."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from tests.scenarios.faults.audit import outcome, recovery_s, violations
from tests.scenarios.faults.network import Fault
from tests.scenarios.faults.story import play


@dataclass
class Verdict:
    """What one run showed."""

    plan: str
    phase: str
    kinds: tuple[str, ...]
    broken: list[str]
    outcomes: list[str]
    recovery_s: float


def judge(plan: str) -> Verdict:
    """Play one plan, such as "rst@server:response.done#2", and audit it."""
    logging.disable(logging.CRITICAL)
    faults = parse(plan)
    try:
        run = play(faults)
        broken = violations(run)
    except Exception as error:
        return Verdict(
            plan, "?", tuple(fault.kind for fault in faults), [f"{type(error).__name__}: {error}"], [], 0.0
        )
    phase = run.phase(run.network.struck[0][0]) if run.network.struck else "never"
    outcomes = [outcome(run, each) for each in run.said]
    return Verdict(plan, phase, tuple(fault.kind for fault in faults), broken, outcomes, recovery_s(run))


def parse(plan: str) -> list[Fault]:
    """The faults of a plan as `str` writes them, joined by "+"."""
    faults = []
    for each in plan.split("+") if plan else []:
        kind, _, rest = each.partition("@")
        direction, _, rest = rest.partition(":")
        event, _, nth = rest.rpartition("#")
        faults.append(Fault(kind, direction, event, int(nth)))  # type: ignore[arg-type]
    return faults
