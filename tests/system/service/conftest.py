"""One container for all tests of the service; where there can be none, one line says why."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.service.machine import Machine, hindrance


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a container the first test is skipped with the reason, and stands for the others."""
    inside = [item for item in items if "_booted" in getattr(item, "fixturenames", ())]
    if not inside:
        return
    with tempfile.TemporaryDirectory() as folder:
        why = hindrance(Path(folder))
    if why:
        first, *others = inside
        first.add_marker(pytest.mark.skip(why))
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


@pytest.fixture(scope="session")
def _booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("machine"))
    yield machine
    machine.power_off()


@pytest.fixture
def machine(_booted: Machine) -> Machine:
    """The container, with nothing of ours running."""
    _booted.reset()
    return _booted
