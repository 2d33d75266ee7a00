"""The mutation probe makes the faults that it says, in the places that behave, and its verdicts are true."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.bench.mutants.equivalent import EQUIVALENT
from tests.bench.mutants.operators import Mutant, mutants, mutated
from tests.bench.mutants.probe import ROOT, TESTS_OF, KnownTest, verdicts

SOURCE = '''"""A docstring is 1 text."""
LIMIT: int = 3

class Box:
    full: bool = False

    def put(self, thing: Literal[4], *, most: int = 5) -> bool:
        """Another 6."""
        if self.full and not thing:
            raise ValueError("no")
        self.things[thing] = [len(thing) < most]
        return self.things or None
'''


@pytest.fixture
def found(tmp_path: Path) -> list[Mutant]:
    (tmp_path / "box.py").write_text(SOURCE)
    return mutants(tmp_path / "box.py", tmp_path)


def test_comparisons_constants_operators_returns_and_statements_are_changed(found: list[Mutant]) -> None:
    assert [mutant.name.removeprefix("box.py ") for mutant in found] == [
        "module: 3 -> 4",
        "Box: False -> True",
        "Box.put: 5 -> 6",
        "Box.put: self.full and (not thing) -> self.full or not thing",
        "Box.put: not thing -> thing",
        "Box.put: raise ValueError('no') -> pass",
        "Box.put: self.things[thing] = [len(thing) < most] -> pass",
        "Box.put: len(thing) < most -> len(thing) <= most",
        "Box.put: return self.things or None -> return None",
        "Box.put: self.things or None -> self.things and None",
    ]


def test_a_mutant_is_its_source_but_for_one_place(found: list[Mutant]) -> None:
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in found:
        changed = ast.unparse(mutated(SOURCE, mutant.number)).splitlines()
        assert len(changed) == len(plain)
        assert sum(one != other for one, other in zip(plain, changed, strict=True)) == 1, mutant.name


def test_a_change_elsewhere_draws_no_other_mutants(found: list[Mutant], tmp_path: Path) -> None:
    (tmp_path / "box.py").write_text(SOURCE.replace("LIMIT: int = 3", "LIMIT: int = 3\nMORE: int = 9 + 8"))
    later = {mutant.name: mutant.draw(1) for mutant in mutants(tmp_path / "box.py", tmp_path)}
    assert {mutant.name: mutant.draw(1) for mutant in found}.items() <= later.items()


def test_what_the_tests_notice_is_killed_and_the_rest_survives() -> None:
    file = "daemon/core/history/history.py"
    all_of_it = {mutant.name: mutant for mutant in mutants(ROOT / file, ROOT)}
    noticed = all_of_it[f"{file} module: 1500 -> 1501"]
    test = "tests/core/history/test_limits.py::test_of_a_longer_text_the_beginning_is_told_with_three_dots"
    tests = [KnownTest(test, 0.1, frozenset())]
    missed = all_of_it[f"{file} module: 400 -> 401"]
    assert dict(verdicts([noticed, missed], tests)) == {noticed: test, missed: None}


def test_only_what_is_there_is_called_equivalent_and_with_a_reason() -> None:
    there = {
        mutant.name
        for room in TESTS_OF
        for path in (ROOT / room).rglob("*.py")
        for mutant in mutants(path, ROOT)
    }
    assert EQUIVALENT.keys() <= there
    assert all(EQUIVALENT.values())
