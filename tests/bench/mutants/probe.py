"""Runs the mutants, each in a process of its own, against the tests that call its function.

The processes are forks of one that has imported what is not ours: that is most of a mutant's cost.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import pytest

from tests.bench.mutants.operators import Mutant
from tests.bench.mutants.plugin import Jury, Survey, plant

ROOT: Final = Path(__file__).parents[3]
TESTS_OF: Final = {
    "daemon/core": ("tests/core", "tests/scenarios/faults"),
    "daemon/audio": ("tests/audio", "tests/brain/server/test_formats.py"),
}
"""Each room, and the tests that say what it does, all in virtual time."""
_PROCESSES: Final = 2
_NOT_OURS: Final = ("asyncio", "hypothesis", "msgspec", "numpy", "pytest", "websockets")
_HANGS: Final = "it hangs"

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([*_NOT_OURS])


@dataclass(frozen=True)
class KnownTest:
    """A test that passes, its processor time, and the functions that it calls as `path:qualified.name`."""

    name: str
    cpu_s: float
    called: frozenset[str]


def survey(paths: Iterable[str]) -> tuple[list[KnownTest], set[str]]:
    """The tests in these files and folders that pass, and the names of those that fail."""
    found, failed = _in_a_fork(_surveyed, [*dict.fromkeys(paths)])
    return [KnownTest(name, *each) for name, each in found.items() if name not in failed], failed


def verdicts(mutants: list[Mutant], tests: list[KnownTest]) -> Iterator[tuple[Mutant, str | None]]:
    """Each mutant with the test that killed it, None for one that survived, as they come."""
    with ThreadPoolExecutor(_PROCESSES) as pool:
        judged = pool.map(lambda each: _in_a_fork(_judged, each, _covering(each, tests)), mutants)
        yield from zip(mutants, judged, strict=True)


def _covering(mutant: Mutant, tests: Iterable[KnownTest]) -> dict[str, float]:
    """The tests that call its function; outside of functions those of its file, or else of its room.

    Those of its own folder come first, then the quick ones.
    """
    file = f"{ROOT / mutant.path}:"
    room = next(room for room in TESTS_OF if mutant.path.startswith(room))
    near = mutant.path.replace("daemon/", "tests/", 1).rpartition("/")[0]
    mine = [test for test in tests if test.name.startswith(TESTS_OF[room])]
    of_function = [test for test in mine if f"{file}{mutant.scope}" in test.called]
    of_file = [test for test in mine if any(each.startswith(file) for each in test.called)]
    chosen = sorted(of_function or of_file or mine, key=lambda each: each.cpu_s)
    chosen.sort(key=lambda each: not each.name.startswith(near))
    return {test.name: test.cpu_s for test in chosen}


def _in_a_fork(work: Callable[..., Any], *args: Any) -> Any:
    """What this returns in a process of its own; that it hangs, if the process is ended."""
    receiver, sender = _forks.Pipe(duplex=False)
    process = _forks.Process(target=_sent, args=(sender, work, *args))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return _HANGS
    finally:
        process.join()


def _sent(sender: Connection, work: Callable[..., Any], *args: Any) -> None:
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        # Where hypothesis keeps what failed: the next mutant must not be tried with that.
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        sys.dont_write_bytecode = True
        with contextlib.redirect_stdout(nowhere):
            sender.send(work(*args))


def _surveyed(paths: list[str]) -> tuple[dict[str, tuple[float, frozenset[str]]], set[str]]:
    found = Survey()
    _pytest(paths, found)
    return found.tests, found.failed


def _judged(mutant: Mutant, tests: dict[str, float]) -> str | None:
    plant(ROOT / mutant.path, mutant.number)
    jury = Jury(tests)
    paths = dict.fromkeys(name.partition("::")[0] for name in tests)
    _pytest(["-x", *paths], jury)
    return jury.killer


def _pytest(args: list[str], plugin: object) -> None:
    quiet = ["-q", "-p", "no:cacheprovider", "--tb=no", "--hypothesis-seed=0", "--rootdir", str(ROOT)]
    quiet += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins that the server has imported
    status = pytest.main([*quiet, *args], plugins=[plugin])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        raise RuntimeError(f"pytest ended with {status!r}: the probe itself is wrong")
