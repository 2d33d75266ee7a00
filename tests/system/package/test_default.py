"""The configuration that the package brings along."""

from __future__ import annotations

import re
from pathlib import Path

from daemon.config.loader import load

DEPLOY = Path(__file__).parents[3] / "deploy"


def keys(name: str) -> set[str]:
    """Every key that a file sets or tells in a comment, with its section, but for devices."""
    section, found = "", set()
    for line in (DEPLOY / name).read_text().splitlines():
        if heading := re.match(r"(?:# )?\[([a-z_.]+)\]", line):
            section = heading[1]
        elif (key := re.match(r"(?:# )?(\w+) = ", line)) and not section.startswith("devices"):
            found.add(f"{section}.{key[1]}")
    return found


def test_default_uses_real_pins_and_no_device() -> None:
    """Nothing on the board moves before its owner has said what is where."""
    config = load(DEPLOY / "voiced.toml")
    assert config.gpio.backend == "lgpio"
    assert not config.devices


def test_default_tells_every_key_that_the_demo_tells() -> None:
    """The two files are written by hand: neither may fall behind."""
    assert keys("voiced.toml") == keys("demo.toml")
