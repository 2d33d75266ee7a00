"""What an idle box costs, and what its service cannot do."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Final

from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import Hands, must

chapter = Chapter("quiet")

IDLE_MIN: Final = float(os.environ.get("IDLE", "3"))
UNITS: Final = ("voiced", "voiced-brain", "voiced-tools")
MOST_EXPOSED: Final = {"voiced": 1.5, "voiced-brain": 1.0, "voiced-tools": 1.5}
"""Of 10, as systemd reckons it."""


@chapter.scenario("idle: the service writes nothing to the disk; processor and wake-ups are told")
def idle(hands: Hands) -> Figures:
    hands.await_brain()
    hands.wait(20)
    span_s = IDLE_MIN * 60
    script = f"/usr/bin/python3 -I /rig/guest/cost.py {span_s:g} $(systemctl show -p MainPID --value voiced)"
    cost: dict[str, Any] = json.loads(hands.machine.run(script, span_s + 120))
    must(cost["written_bytes"] == 0, f"the service wrote {cost['written_bytes']} bytes")
    return cost


@chapter.scenario("sandbox, by ExecStartPre= of the units themselves: what they must not do, they cannot")
def sandbox(hands: Hands) -> Figures:
    hands.mark()
    for unit in UNITS:
        folder = f"/run/systemd/system/{unit}.service.d"
        line = f"ExecStartPre=/usr/bin/python3 -I /rig/guest/probe.py {unit}"
        hands.machine.run(f"mkdir -p {folder}; printf '[Service]\\n{line}\\n' >{folder}/probe.conf")
    try:
        stop = f"systemctl stop {' '.join(UNITS)}"
        hands.machine.run(f"systemctl daemon-reload; {stop}; systemctl start voiced", 240)
        hands.machine.run("systemctl start voiced-brain voiced-tools", 240)
        found = {unit: _probes(hands, unit) for unit in UNITS}
    finally:
        hands.machine.run("rm -r /run/systemd/system/voiced*.service.d; systemctl daemon-reload")
        hands.machine.run("systemctl restart voiced-brain voiced-tools voiced", 240)
    wrong = [
        f"{unit}: {probe}" for unit, probes in found.items() for probe, right in probes.items() if not right
    ]
    must(not wrong, "; ".join(wrong))
    return {unit: f"{len(probes)} probes" for unit, probes in found.items()}


@chapter.scenario("systemd-analyze security, by the machine's own systemd: exposed no more than agreed")
def security(hands: Hands) -> Figures:
    exposed = {unit: _exposure(hands, unit) for unit in UNITS}
    wrong = [f"{unit}: {exposed[unit]}" for unit, most in MOST_EXPOSED.items() if exposed[unit] > most]
    must(not wrong, "; ".join(wrong))
    return exposed


def _exposure(hands: Hands, unit: str) -> float:
    told = hands.machine.run(f"systemd-analyze security --no-pager {unit}.service | tail -n 1")
    found = re.search(rf"{unit}\.service: ([\d.]+)", told)
    must(found, f"systemd-analyze says {told}")
    assert found is not None
    return float(found[1])


def _probes(hands: Hands, unit: str) -> dict[str, bool]:
    """What the probe said in the journal: whether each thing was as it must be."""
    lines = (record["MESSAGE"] for record in hands.records(unit=f"{unit}.service"))
    said = [line.removeprefix("probes ") for line in lines if str(line).startswith("probes ")]
    must(said, f"the probe of {unit} has said nothing")
    probes: dict[str, bool] = json.loads(said[-1])
    return probes
