"""`voiced doctor`: runs all checks, prints findings and remedies, and applies safe fixes if asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.commands.doctor.areas import AREAS, Area, looked_at
from daemon.commands.doctor.finding import Finding, Told, exit_status
from daemon.commands.doctor.machine import InspectedMachine
from daemon.text.printable import complain, one_line, say, to_json

_LEFT_OUT = "not tried, as it makes a noise; ask with --sound, the service stopped"


def run(
    path: Path,
    *,
    as_json: bool = False,
    mend: bool = False,
    audible: bool = False,
    areas: Iterable[Area] = AREAS,
) -> int:
    """Run the checks; the exit status is 0, 1 with warnings, 2 with errors."""
    told = _look(InspectedMachine(path), areas, audible, silent=as_json)
    if mend and _mended(_findings(told), silent=as_json):
        told = _look(InspectedMachine(path), areas, audible, silent=as_json)
    findings = _findings(told)
    if as_json:
        say(to_json({"status": exit_status(findings), **_for_scripts(told)}, indent=2))
    else:
        _print(told, findings)
    return exit_status(findings)


def _look(
    machine: InspectedMachine, areas: Iterable[Area], audible: bool, *, silent: bool
) -> dict[str, list[Told]]:
    told: dict[str, list[Told]] = {}
    for area in areas:
        if area.audible and not audible:
            told[area.title] = [_LEFT_OUT]
            continue
        with _progress(area, silent):
            told[area.title] = looked_at(machine, area)
    return told


@contextmanager
def _progress(area: Area, silent: bool) -> Iterator[None]:
    """A progress line on a terminal, which is erased again."""
    shown = not silent and sys.stderr.isatty()
    if shown:
        sys.stderr.write(f"{area.title} ...\r")
        sys.stderr.flush()
    yield
    if shown:
        sys.stderr.write("\x1b[2K\r")
        sys.stderr.flush()


def _findings(told: dict[str, list[Told]]) -> list[Finding]:
    return [each for said in told.values() for each in said if isinstance(each, Finding)]


def _mended(findings: list[Finding], *, silent: bool) -> bool:
    """Apply safe fixes, announcing each; True if any was applied."""
    tell = complain if silent else say
    fixes = [(each.code, each.fix) for each in findings if each.fix]
    if fixes and os.geteuid() != 0:
        tell("Nothing was mended: that takes root, ask with `sudo`.")
        return False
    for code, fix in fixes:
        tell(one_line(f"{code}: {fix.says}: {'done' if fix.act() else 'did not work'}"))
    return bool(fixes)


def _for_scripts(told: dict[str, list[Told]]) -> dict[str, object]:
    return {
        "findings": [
            {"area": title, **each.facts}
            for title, said in told.items()
            for each in said
            if isinstance(each, Finding)
        ],
        "facts": {
            title: facts
            for title, said in told.items()
            if (facts := [each for each in said if isinstance(each, str)])
        },
    }


def _print(told: dict[str, list[Told]], findings: list[Finding]) -> None:
    from rich.table import Column, Table
    from rich.text import Text

    from daemon.commands.terminal import Terminal

    console = Terminal()
    table = Table.grid("", "", Column(overflow="fold"), padding=(0, 2))
    colours = {"error": "bold red", "warning": "bold yellow"}
    for title, said in told.items():
        for each in said:
            if isinstance(each, Finding):
                mark = Text(f"{each.level} {each.code}", colours[each.level])
                said_and_done = Text.assemble(one_line(each.sentence), "\n", (one_line(each.remedy), "bold"))
                table.add_row(title, mark, said_and_done)
            else:
                table.add_row(title, "", one_line(each))
            title = ""
    console.print(table)
    errors = sum(each.level == "error" for each in findings)
    warnings = len(findings) - errors
    counted = f"Errors: {errors}, warnings: {warnings}."
    console.print(f"\n{counted if findings else 'Everything is in order.'}")
