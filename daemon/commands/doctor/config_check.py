"""`voiced config check`: checks a configuration before the service starts.

These are the checks of `voiced doctor` that concern the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from daemon.commands.doctor.areas import AREAS, Area, looked_at
from daemon.commands.doctor.finding import Finding
from daemon.commands.doctor.machine import InspectedMachine
from daemon.commands.doctor.network import address
from daemon.text.printable import one_line, say, to_json


def run(path: Path, *, as_json: bool = False, areas: Iterable[Area] = AREAS) -> int:
    """Print one line per finding; the exit status is 2 if one of them is an error."""
    machine = InspectedMachine(path)
    findings = _looked_at(machine, areas)
    if as_json:
        say(to_json([finding.facts for finding in findings]))
    for finding in [] if as_json else findings:
        say(one_line(f"{finding.level} {finding.code}: {finding.sentence} {finding.remedy}"))
    if not findings and not as_json:
        say(f"{path}: everything is in order.")
    if not as_json and not machine.config_error and (read_as := address(machine)):
        say(one_line(f"{read_as}."))
    return 2 if any(finding.level == "error" for finding in findings) else 0


def check(path: Path) -> list[Finding]:
    """The faults of this configuration on this machine."""
    return _looked_at(InspectedMachine(path), AREAS)


def _looked_at(machine: InspectedMachine, areas: Iterable[Area]) -> list[Finding]:
    said = [looked_at(machine, area) for area in areas if area.before_start]
    return [each for told in said for each in told if isinstance(each, Finding)]
