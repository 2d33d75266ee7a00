"""doctor and the echo: what the cancellers reach, and what keeps them from it; a card in virtual time."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from daemon.commands.doctor.echo import CardReport, installed, judged, murmur
from daemon.commands.doctor.finding import Finding, Told
from daemon.commands.doctor.machine import InspectedMachine
from hardware.ports import Mono

CARD_HZ = 48_000
PERIOD = CARD_HZ // 100
WAY = CARD_HZ // 25


def recorded(coupling: float, way: int = WAY) -> list[CardReport]:
    """A murmur, and what the microphone hears of it."""
    sound = murmur(CARD_HZ, 8.0)
    hiss: Mono = (1e-4 * np.random.default_rng(2).standard_normal(len(sound))).astype(np.float32)
    heard = np.clip(coupling * np.pad(sound, (way, 0))[: len(sound)] + hiss, -1, 1).astype(np.float32)
    reports = []
    for number in range(len(sound) // PERIOD):
        part, now = slice(number * PERIOD, (number + 1) * PERIOD), 40.0 + number / 100
        reports.append(CardReport(now, sound[part], PERIOD))
        reports.append(CardReport(now + 0.01, heard[part]))
    return reports


def found(told: list[Told]) -> list[str]:
    return [each.code for each in told if isinstance(each, Finding)]


def test_what_is_taken_out_and_the_delay_are_told() -> None:
    told = list(judged(recorded(0.3), CARD_HZ, CARD_HZ))
    assert found(told) == []
    assert [str(each).split()[0] for each in told] == ["aec3", "speex"]
    assert all("which is 40 ms behind the card" in str(each) for each in told)


def test_a_speaker_that_overdrives_the_microphone_is_told() -> None:
    assert found(list(judged(recorded(15.0), CARD_HZ, CARD_HZ))) == ["V324"]


def test_an_echo_that_stays_is_told() -> None:
    strange = [
        report if report.held is not None else CardReport(report.now, report.samples[::-1] ** 3 * 20)
        for report in recorded(0.5)
    ]
    assert "V323" in found(list(judged(strange, CARD_HZ, CARD_HZ)))


@pytest.mark.parametrize(("echo", "told"), [("auto", ["V322"]), ("card", []), ("off", [])])
def test_a_canceller_that_is_not_installed_is_told_where_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, echo: str, told: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)
    path = tmp_path / "voiced.toml"
    path.write_text(f'[sound]\necho = "{echo}"\n')
    findings = [each for each in installed(InspectedMachine(path)) if isinstance(each, Finding)]
    assert [each.code for each in findings] == told
    assert all("voiced-handsfree" in each.remedy for each in findings)
