"""Inside of pytest: notes which functions each test calls, or has chosen tests judge one mutant.

It is at work before anything of ours is imported, and imports nothing of it.
"""

from __future__ import annotations

import functools
import importlib.machinery
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest

from tests.bench.mutants.operators import mutated

_LEAST_CPU_S = 3.0
_TIMES_SLOWER = 5.0  # a mutant that makes a test cost so much more processor time hangs


class Survey:
    """Notes the processor time of each test in seconds, and what it calls as `path:qualified.name`."""

    def __init__(self) -> None:
        self.tests: dict[str, tuple[float, frozenset[str]]] = {}
        self.failed: set[str] = set()
        self._called: set[CodeType] = set()

    def pytest_runtest_setup(self) -> None:
        # What another test has had computed counts as called in this one too.
        for name, module in list(sys.modules.items()):
            for value in vars(module).values() if name.startswith("daemon.") else ():
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._called = set()
        begun_s = time.process_time()
        sys.settrace(self._note)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            ours = [code for code in self._called if "/daemon/" in code.co_filename]
            called = frozenset(f"{code.co_filename}:{code.co_qualname}" for code in ours)
            self.tests[item.nodeid] = time.process_time() - begun_s, called

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def _note(self, frame: FrameType, *_: object) -> None:
        # It returns nothing, so that the lines of the function are not traced.
        self._called.add(frame.f_code)


class Jury:
    """Lets these tests run only, in this order, each given with its processor time in seconds.

    `killer` is the one that failed. A test that hangs ends the process.
    """

    def __init__(self, cpu_s: dict[str, float]) -> None:
        self.killer: str | None = None
        self._cpu_s = cpu_s

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        place = {name: number for number, name in enumerate(self._cpu_s)}
        items[:] = sorted(
            (each for each in items if each.nodeid in place), key=lambda each: place[each.nodeid]
        )

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        # The processor's time: a busy machine makes no mutant hang. Nothing of ours catches this signal.
        signal.setitimer(signal.ITIMER_PROF, _LEAST_CPU_S + _TIMES_SLOWER * self._cpu_s[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.killer = self.killer or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.killer = self.killer or f"{report.nodeid} cannot be collected"


def plant(path: Path, number: int) -> None:
    """Whoever imports this file from now on gets its mutant."""
    loader = importlib.machinery.SourceFileLoader
    read = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        if Path(self.path) != path:
            return read(self, name)
        return compile(mutated(path.read_text(), number), str(path), "exec")

    setattr(loader, "get_code", get_code)  # noqa: B010 (mypy allows no other way)
