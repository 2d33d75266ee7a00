"""An engine is one file in its folder: its name is known to all who ask for engines."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from daemon.brain.asr import engines as asr_engines
from daemon.brain.engine_registry import (
    RECOGNIZERS,
    SYNTHESIZERS,
    engine_in,
    names_in,
    recognizer,
    synthesizer,
)
from daemon.brain.tts import engines as tts_engines

PARROT = """
from daemon.brain.engine import Engine
ENGINE = Engine(("parrot-model",), lambda: "a parrot")
"""


@pytest.mark.parametrize(
    ("folder", "names", "default"),
    [(asr_engines, RECOGNIZERS, "small"), (tts_engines, SYNTHESIZERS, "hibari")],
    ids=["recognisers", "synthesisers"],
)
def test_each_file_is_an_engine_and_the_default_one_is_first(
    folder: ModuleType, names: tuple[str, ...], default: str
) -> None:
    assert names[0] == default
    assert sorted(names) == sorted(path.stem for path in Path(*folder.__path__).glob("[!_]*.py"))


def test_a_file_is_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "engines_of_a_test"
    folder.mkdir()
    for name, text in (("__init__", ""), ("parrot", PARROT), ("owl", PARROT)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("engines_of_a_test")
    assert names_in(package, default="parrot") == ("parrot", "owl")
    assert engine_in(package, "parrot").load() == "a parrot"
    assert engine_in(package, "parrot").missing() == ["parrot_model"]


@pytest.mark.parametrize("name", [*RECOGNIZERS, *SYNTHESIZERS])
def test_the_packages_of_each_are_the_extra_offline(name: str) -> None:
    engine = recognizer(name) if name in RECOGNIZERS else synthesizer(name)
    offline = Path(__file__).parents[2].joinpath("pyproject.toml").read_text().split("offline = ")[1]
    assert all(f'"{package}' in offline.splitlines()[0] for package in engine.packages)


def test_to_know_the_names_no_engine_is_imported() -> None:
    script = "import sys, daemon.brain.engine_registry; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"numpy", "hama", "moonshine_voice", "hibari", "onnxruntime"} & set(loaded.stdout.split())
