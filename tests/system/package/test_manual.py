"""The manual page that the package brings along."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

MANUAL = Path(__file__).parents[3] / "deploy" / "voiced.1"


def test_the_manual_tells_every_command() -> None:
    """The help is made of the program, the manual is written by hand."""
    command = [sys.executable, "-m", "daemon", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^    (\w+)  ", told, re.MULTILINE))
    headings = re.findall(r"^\.TP\n\.BR? (.+)", MANUAL.read_text(), re.MULTILINE)
    named = {word for heading in headings for word in re.findall(r"(?<![\w-])[a-z]+", heading)}
    assert "doctor" in commands
    assert commands <= named
