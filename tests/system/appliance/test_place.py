"""What the scenarios look for outside of their own folder, found without a machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daemon import __version__
from tests.system.appliance import __main__ as run
from tests.system.appliance import packages, upgrade

ROOT = Path(__file__).parents[3]
TO_THE_TOP = re.compile(r'^cd "\$\(dirname "\$0"\)/([./]+)"$', re.MULTILINE)
SCRIPTS = [path for room in ("deploy", "tests") for path in (ROOT / room).rglob("*.sh")]
CLIMBERS = {path: steps for path in SCRIPTS for steps in TO_THE_TOP.findall(path.read_text())}


def test_clips_and_packages_are_looked_for_in_the_repository() -> None:
    assert run.REPOSITORY == ROOT
    assert list(run.CLIPS.glob("*.wav"))


@pytest.mark.parametrize(("script", "steps"), CLIMBERS.items(), ids=map(str, range(len(CLIMBERS))))
def test_a_script_that_goes_to_the_top_comes_to_the_repository(script: Path, steps: str) -> None:
    assert (script.parent / steps).resolve() == ROOT


@pytest.mark.parametrize("module", [packages.SERVICE, upgrade.FIRST, upgrade.LAST])
def test_modules_that_the_scenarios_wait_for_or_break_are_in_the_package(module: str) -> None:
    assert (ROOT / module).is_file()


def test_the_version_under_test_is_above_the_release_that_is_upgraded() -> None:
    def numbers(version: str) -> list[int]:
        return list(map(int, version.split(".")))

    assert numbers(__version__) > numbers(upgrade.RELEASED)
