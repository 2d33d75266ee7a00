"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from daemon.core.transitions import TransitionTable
from daemon.text import masking

# The machines that run this are shared: a slow draw says nothing about the code.
settings.register_profile("voiced", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voiced")


def forget_secrets() -> None:
    """A process hides its secrets for ever; here each test stands for a process."""
    masking._known = ()


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests() -> Iterator[None]:
    """Neither before nor after."""
    forget_secrets()
    yield
    forget_secrets()


@pytest.fixture(autouse=True)
def no_phase_changes_in_a_way_that_its_table_does_not_have() -> Iterator[None]:
    """The service goes on where one was to; here that is a bug, whatever the test looks at."""
    TransitionTable.unknown.clear()
    yield
    assert not TransitionTable.unknown
