"""`python -m tests.appliance [--smoke] [--only NAME]`: see the package."""

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

from tests.appliance import conversation, doctor, faults, install, owner, packages, power, quiet
from tests.appliance.chapter import Chapter, Scenario
from tests.appliance.image import HERE, bare_debian, debs, installed, pantry
from tests.appliance.runner import Runner, save

REPOSITORY: Final = HERE.parents[1]
CLIPS: Final = REPOSITORY / "tests/brain/clips"
FIRST: Final = (install.chapter,)
"""On a bare machine; all others begin with the disk that this leaves."""
LANES: Final[tuple[tuple[tuple[Chapter, ...], ...], ...]] = (
    ((owner.chapter, doctor.chapter, quiet.chapter), (conversation.chapter, faults.chapter)),
    ((packages.chapter,), (power.chapter,)),
)
"""Lanes run beside each other, their machines one after the other, the chapters of a machine as well.

A machine takes less than a processor, so that two lanes go into two.
"""


def main() -> int:
    """0 where everything held."""
    options = _options()
    began = time.monotonic()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    image = bare_debian()
    packages = debs(options.debs)
    with tempfile.TemporaryDirectory(prefix="voiced-appliance-", dir=options.work) as work:
        disk = installed(image, packages)
        runner = Runner(image, disk, Path(work), options.out)
        _furnish(runner.share, packages, pantry(image, packages))
        print(f"image and packages: {time.monotonic() - began:.0f} s", flush=True)
        _run(runner, (FIRST,), options)
        _beside_each_other(runner, options)
    print("\n" + "\n".join(result.line() for result in runner.results))
    held = sum(result.held for result in runner.results)
    took = time.monotonic() - began
    print(f"{held} of {len(runner.results)} held, {took / 60:.1f} minutes")
    report = {"seconds": round(took), "scenarios": save(runner.results)}
    (options.out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    return 0 if held == len(runner.results) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.appliance", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="from apt install to the first answer")
    parser.add_argument("--only", metavar="NAME", action="append", help="a chapter or a scenario")
    parser.add_argument("--debs", type=Path, default=REPOSITORY / "out/deb", help="where the packages are")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "out/appliance", help="what is left of it")
    parser.add_argument("--work", type=Path, help="a folder for disks (default: the system's temporary one)")
    return parser.parse_args()


def _beside_each_other(runner: Runner, options: argparse.Namespace) -> None:
    """All lanes, to their ends."""
    lanes = [threading.Thread(target=_run, args=(runner, lane, options), daemon=True) for lane in LANES]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()


def _run(runner: Runner, lane: Iterable[tuple[Chapter, ...]], options: argparse.Namespace) -> None:
    """Machine after machine."""
    for chapters in lane:
        if scenarios := _chosen(chapters, options, runner.installed.exists()):
            runner.run(chapters[0].name, scenarios)


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


def _furnish(share: Path, packages: list[Path], larder: Path) -> None:
    """Everything that the machine finds in /rig."""
    (share / "out").mkdir(parents=True)
    shutil.copytree(HERE / "guest", share / "guest")
    shutil.copytree(CLIPS, share / "clips")
    shutil.copytree(larder, share / "pantry")
    shutil.copy(HERE / "appliance.toml", share)
    (share / "debs").mkdir()
    for package in packages:
        shutil.copy(package, share / "debs")


if __name__ == "__main__":
    sys.exit(main())
