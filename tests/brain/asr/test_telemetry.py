"""The engines report to nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BRAIN = "from daemon.brain.engine_registry import open_synthesizer; open_synthesizer('hibari')"
DEMO = "from daemon.commands.demo.user_voice import SimulatedSpeaker; SimulatedSpeaker()"


@pytest.mark.parametrize("script", [BRAIN, DEMO], ids=["brain", "demo"])
def test_onnxruntime_keeps_no_identifier_of_the_machine(tmp_path: Path, script: str) -> None:
    """It makes one when it is imported, to report under; but not where the environment speaks of tests."""
    check = "import sys; assert 'onnxruntime' in sys.modules"
    subprocess.run(
        [sys.executable, "-c", f"{script}\n{check}"], env={"HOME": str(tmp_path)}, cwd=tmp_path, check=True
    )
    kept = tmp_path / ".cache/voiced"
    assert not [each for each in tmp_path.rglob("*") if each.is_file() and kept not in each.parents]
