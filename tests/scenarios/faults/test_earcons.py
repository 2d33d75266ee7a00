"""Earcons in the virtual house: what is heard of an outage, and that none gets into an open microphone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hardware.sound.memory_streams import PERIOD_S
from tests.scenarios.faults.network import Fault
from tests.scenarios.faults.story import Run, play

OUTAGE = Fault("outage", "client", "input_audio_buffer.append", 20)


def earcons(run: Run) -> list[str]:
    return [str(fields["kind"]) for _, fields in run.house.of("earcon")]


def listening(run: Run) -> list[tuple[float, float]]:
    """From when to when the microphone was open."""
    states = [(at, fields["state"]) for at, fields in run.house.of("state")]
    ends = [at for at, _ in states[1:]] + [run.ended_at]
    return [(at, end) for (at, state), end in zip(states, ends, strict=True) if state == "listening"]


def test_where_everything_works_there_is_no_earcon() -> None:
    assert earcons(play([])) == []


def test_an_outage_is_heard_once_if_the_brain_steps_in() -> None:
    assert earcons(play([OUTAGE], fallback="offline")).count("offline") == 1


def test_each_turn_that_is_lost_to_an_outage_is_heard() -> None:
    run = play([OUTAGE], fallback="none")
    told = earcons(run)
    lost = [turn for _, turn in run.house.of("turn") if turn["trouble"] and not turn["interrupted"]]
    assert told.count("error") == len(lost) > 0
    assert "offline" in told


@pytest.mark.parametrize("fallback", ["offline", "none"])
def test_while_the_microphone_is_open_the_speaker_is_silent(fallback: str) -> None:
    run = play([OUTAGE], fallback=fallback)
    sounds = [at for at, samples in run.house.speaker.heard if samples.any()]
    for since, until in listening(run):
        assert not [at for at in sounds if since + 2 * PERIOD_S < at < until]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    import logging

    yield
    logging.disable(logging.NOTSET)
