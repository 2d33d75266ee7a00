"""Fuzz, in short: the same inputs each time, for everything that reads what others wrote."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from tests.scenarios.fuzz.campaign import TARGETS, inputs, kept, tried
from tests.scenarios.fuzz.known import KNOWN
from tests.scenarios.fuzz.meter import LIMIT_S, BrokenPromiseError, Meter
from tests.scenarios.fuzz.schemas import complaint, strict

SEED = 11
INPUTS = 120


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_input_meets_declared_errors_and_costs_little(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    for data in islice(inputs(target, SEED), INPUTS):
        problem = tried(target, data)
        assert not problem, kept(target, data, problem, tmp_path)


@pytest.mark.parametrize(("name", "data"), KNOWN, ids=[f"{name}-{n}" for n, (name, _) in enumerate(KNOWN)])
def test_what_once_took_too_long_does_not(name: str, data: bytes) -> None:
    assert not tried(TARGETS[name], data)


def test_an_integer_beyond_what_json_can_carry_may_be_refused_though_no_schema_says_so() -> None:
    owner = b"def it(p0: Optional[Annotated[int, 'Words.']], p1: str):\n    \"Do it.\"\n"
    assert not tried(TARGETS["hints"], owner)


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_seed_makes_the_same_inputs(name: str) -> None:
    first, again, other = (list(islice(inputs(TARGETS[name], seed), 15)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


class Brittle:
    """Breaks its promises in the way that its input asks for; a mock."""

    name = "brittle"

    def make(self, rng: Random, large: bool) -> bytes:
        return b"large" if large else b"small"

    def run(self, data: bytes, meter: Meter) -> None:
        if data == b"raise":
            raise KeyError("undeclared")
        if data == b"lie":
            raise BrokenPromiseError("it was taken, though it does not fit")
        if data == b"slow":
            meter.worst_s = 2 * LIMIT_S


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"", ""), (b"raise", "KeyError: 'undeclared'"), (b"lie", "does not fit"), (b"slow", "took 1.00 s")],
)
def test_a_broken_promise_is_found(data: bytes, problem: str) -> None:
    found = tried(Brittle(), data)
    assert problem in found
    assert bool(problem) == bool(found)


def test_an_input_that_breaks_something_is_kept_and_named(tmp_path: Path) -> None:
    finding = kept(Brittle(), b"raise", "it raised", tmp_path / "new")
    assert finding.path.read_bytes() == b"raise"
    assert finding.path.name.startswith("brittle-")
    assert f"--replay {finding.path}" in str(finding)


@pytest.mark.parametrize(
    ("schema", "value", "wrong"),
    [
        ({"type": "integer", "minimum": 1}, 1, False),
        ({"type": "integer", "minimum": 1}, 0, True),
        ({"type": "integer"}, True, True),
        ({"type": "string", "enum": ["a"]}, "b", True),
        ({"type": "array", "items": {"type": "null"}}, [None, 1], True),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "a", False),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, {}, True),
        ({"type": "object", "properties": {}, "additionalProperties": False}, {"a": 1}, True),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"a": 1}, True),
    ],
)
def test_the_judge_of_schemas_judges(schema: dict[str, object], value: object, wrong: bool) -> None:
    assert bool(complaint(schema, value)) == wrong


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        {"type": "object"},
        {"type": "array", "items": {}},
        {"anyOf": [{"type": "string"}, {"type": "array"}]},
    ],
)
def test_the_judge_of_schemas_is_as_strict_as_a_strict_server(schema: dict[str, object]) -> None:
    assert strict(schema)
