"""An engine is one file in its folder: its name is known to all who ask for engines."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from daemon.brain.asr import engines as asr_engines
from daemon.brain.asr.engines.auto import chosen, memory_mb
from daemon.brain.engine_registry import (
    RECOGNIZERS,
    SYNTHESIZERS,
    engine_in,
    names_in,
    on_this_board,
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
    [(asr_engines, RECOGNIZERS, "auto"), (tts_engines, SYNTHESIZERS, "hibari")],
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


def board(root: Path, total_mb: int, free_mb: int, limits: dict[str, str] | None = None) -> Path:
    """What the kernel tells of memory; `limits` by control group."""
    for path, text in {
        "proc/meminfo": f"MemTotal: {total_mb}000 kB\nMemAvailable: {free_mb}000 kB\nHugePages: 0\n",
        "proc/self/cgroup": "0::/system.slice/voiced-brain.service\n",
        **{f"sys/fs/cgroup/{group}/memory.max": f"{limit}\n" for group, limit in (limits or {}).items()},
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("total_mb", "free_mb", "engine"),
    [(437, 330, "small"), (940, 640, "both"), (940, 300, "small"), (3791, 3300, "both"), (512, 500, "small")],
    ids=["512 MB", "1 GB", "1 GB that is full", "4 GB", "a small machine that is empty"],
)
def test_the_engine_follows_the_memory(tmp_path: Path, total_mb: int, free_mb: int, engine: str) -> None:
    assert chosen(board(tmp_path, total_mb, free_mb)) == engine


@pytest.mark.parametrize("group", ["system.slice/voiced-brain.service", "system.slice", "."])
def test_a_limit_of_the_service_or_of_a_container_counts_as_memory(tmp_path: Path, group: str) -> None:
    limits = {"system.slice/voiced-brain.service": "max", "system.slice": "max", group: str(400 * 2**20)}
    assert memory_mb(board(tmp_path, 8000, 7000, limits)) == (400, 400)
    assert chosen(tmp_path) == "small"


def test_a_kernel_that_tells_nothing_gets_the_small_engine(tmp_path: Path) -> None:
    assert chosen(tmp_path) == "small"


def test_an_engine_that_was_configured_stays() -> None:
    assert [on_this_board(name) for name in RECOGNIZERS if name != "auto"] == ["both", "small"]
    assert on_this_board("auto") in ("both", "small")
