"""`python -m tests.system.appliance [--smoke] [--only NAME]`: see the package."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.system.appliance import (
    conversation,
    doctor,
    faults,
    install,
    owner,
    packages,
    power,
    quiet,
    upgrade,
)
from tests.system.appliance.chapter import Chapter, Scenario
from tests.system.appliance.image import HERE, bare_debian, booted, debs, installed, pantry
from tests.system.appliance.runner import Runner, save

REPOSITORY: Final = HERE.parents[2]
CLIPS: Final = REPOSITORY / "tests/brain/clips"
FIRST: Final = (install.chapter,)
"""On a bare machine; all others go on where this ends."""
THEN: Final = (
    (quiet.chapter,),
    (conversation.chapter,),
    (upgrade.chapter,),
    (faults.chapter,),
    (power.chapter,),
    (packages.chapter,),
    (faults.reboot,),
    (owner.chapter, doctor.chapter),
    (packages.removal,),
)
"""First who sleeps and who is timed, for beside a sleeper there is a processor for each; then what takes
longest. Chapters in one row share a machine."""
MACHINES: Final = 3
"""At a time. Each waits a good deal, so that three go into two processors."""


def main() -> int:
    """0 where everything held."""
    options = _options()
    began = time.monotonic()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    image = bare_debian()
    packed = debs(options.debs)
    with tempfile.TemporaryDirectory(
        prefix="voiced-appliance-", dir=options.work, ignore_cleanup_errors=True
    ) as work:
        runner = Runner(image.kernel, booted(image), installed(image, packed), Path(work), options.out)
        _furnish(runner.share, packed, options.debs / upgrade.RELEASED, pantry(image, packed))
        print(f"image and packages: {time.monotonic() - began:.0f} s", flush=True)
        _run(runner, FIRST, options)
        _run_beside_each_other(runner, options)
    print("\n" + "\n".join(result.line() for result in runner.results))
    held = sum(result.held for result in runner.results)
    took = time.monotonic() - began
    print(f"{held} of {len(runner.results)} held, {took / 60:.1f} minutes")
    report = {"seconds": round(took), "scenarios": save(runner.results)}
    (options.out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    return 0 if held == len(runner.results) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.system.appliance", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="from apt install to the first answer")
    parser.add_argument("--only", metavar="NAME", action="append", help="a chapter or a scenario")
    parser.add_argument("--debs", type=Path, default=REPOSITORY / "out/deb", help="where the packages are")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "out/appliance", help="what is left of it")
    parser.add_argument("--work", type=Path, help="a folder for disks (default: the system's temporary one)")
    return parser.parse_args()


def _run_beside_each_other(runner: Runner, options: argparse.Namespace) -> None:
    """Every row in turn, on so many machines at a time."""
    rows = iter(THEN)
    errors: list[Exception] = []

    def lane() -> None:
        try:
            for chapters in rows:
                _run(runner, chapters, options)
        except Exception as error:
            errors.append(error)

    # Daemons: an interrupt does not wait for their machines.
    lanes = [threading.Thread(target=lane, daemon=True) for _ in range(MACHINES)]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    if errors:
        raise errors[0]


def _run(runner: Runner, chapters: Iterable[Chapter], options: argparse.Namespace) -> None:
    """Those chapters that are asked for, on a machine of their own."""
    if scenarios := _chosen(chapters, options, runner.installed.memory.exists()):
        runner.run("-".join(chapter.name for chapter in chapters), scenarios)


def _chosen(chapters: Iterable[Chapter], options: argparse.Namespace, is_installed: bool) -> list[Scenario]:
    """What to run of these. What is asked for by name uses what an earlier run has installed."""
    wanted = set(options.only or ())
    if wanted and not is_installed:
        wanted.add("install")
    return [
        scenario
        for chapter in chapters
        for scenario in chapter.scenarios
        if (not options.smoke or scenario.smoke) and (not wanted or wanted & {chapter.name, scenario.name})
    ]


def _furnish(share: Path, packages: list[Path], released: Path, larder: Path) -> None:
    """Everything that the machine finds in /rig."""
    (share / "out").mkdir(parents=True)
    shutil.copytree(HERE / "guest", share / "guest")
    shutil.copytree(CLIPS, share / "clips")
    shutil.copytree(larder, share / "pantry")
    shutil.copy(HERE / "appliance.toml", share)
    (share / "debs").mkdir()
    for package in packages:
        shutil.copy(package, share / "debs")
    if released.is_dir():
        shutil.copytree(released, share / "debs" / upgrade.RELEASED)


if __name__ == "__main__":
    sys.exit(main())
