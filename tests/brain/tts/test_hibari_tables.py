"""The voice with its dictionaries in a file says what the package's own voice says, in less memory."""

from __future__ import annotations

import importlib
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.brain import hibari_tables
from daemon.brain.asr.dictionary import Dictionary
from daemon.brain.hibari_tables import open_table
from daemon.brain.string_table import StringTable
from daemon.brain.tts.hibari_model import lean_g2p, lean_model

hibari: Any = importlib.import_module("hibari")
g2p: Any = importlib.import_module("hibari.g2p")

DOCUMENTS = Path(__file__).parents[3].glob("*.md")
OWN_MB = """
import sys
from {module} import {name}
before = own = 0
def own_mb():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))
before = own_mb()
made = {name}()
made("The lamp in the hall is on, and it is half past seven.")
print(own_mb() - before)
"""


@pytest.fixture(scope="module")
def own() -> Any:
    return g2p.G2P()


def test_thousands_of_words_are_pronounced_the_same(own: Any) -> None:
    lean, pick = lean_g2p(), random.Random(13)
    known = [*pick.sample(list(own.lexicon.golds.d), 1500), *pick.sample(list(own.lexicon.silvers.d), 700)]
    words = [*known, *pick.sample(list(own.tagger.tagdict), 500), "lumibot", "Zürich", "A", "I'd", "\ud800"]
    for word in words:
        for said in (word, word.capitalize()):
            assert lean(said) == own(said), said


def test_whole_documents_are_pronounced_the_same(own: Any) -> None:
    lean = lean_g2p()
    text = " ".join(path.read_text() for path in DOCUMENTS)
    sentences = [sentence for sentence in re.split(r"(?<=[.!?:])\s+|\n", text) if sentence]
    assert len(sentences) > 500
    for sentence in sentences:
        assert lean(sentence) == own(sentence), sentence


@pytest.mark.parametrize(
    "sentence",
    ["The lamp is on.", "It is 21.5 degrees at 7:30 pm.", "Lead me to the lead pipe: read it!"],
)
def test_the_samples_are_the_same(sentence: str) -> None:
    stock = hibari.Hibari(threads=1)
    np.testing.assert_array_equal(lean_model()(sentence, seed=1), stock(sentence, seed=1))


def test_the_dictionaries_stay_out_of_memory() -> None:
    open_table()
    grown = {}
    for module, name in (("daemon.brain.tts.hibari_model", "lean_g2p"), ("hibari.g2p", "G2P")):
        script = OWN_MB.format(module=module, name=name)
        run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        grown[name] = float(run.stdout)
    assert grown["lean_g2p"] < 0.15 * grown["G2P"]


@pytest.fixture
def no_table_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No table is open or kept; where the next one will be."""
    hibari_tables.shared_table.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CACHE_DIRECTORY", raising=False)
    return tmp_path / "voiced"


def test_the_table_is_made_once_and_again_where_it_is_broken(no_table_yet: Path) -> None:
    assert open_table().section("gold").get("heater")
    (table,) = no_table_yet.glob("*.table")
    made = table.stat().st_mtime_ns
    hibari_tables.shared_table.cache_clear()
    open_table()
    assert table.stat().st_mtime_ns == made
    whole = table.read_bytes()
    table.write_bytes(whole[: len(whole) // 2])
    hibari_tables.shared_table.cache_clear()
    assert open_table().section("gold").get("heater")
    assert table.read_bytes() == whole
    assert list(no_table_yet.iterdir()) == [table]


def test_without_a_place_for_it_the_table_is_in_memory(
    no_table_yet: Path, caplog: pytest.LogCaptureFixture
) -> None:
    no_table_yet.write_text("a file is in the way")
    assert isinstance(open_table(), StringTable)
    assert Dictionary()("heater") == [("HH", "IY", "T", "ER")]
    assert "stay in memory" in caplog.text


def test_a_model_is_kept_as_it_was_optimised_and_done_without_where_that_is_not_possible(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = []
    for home in (tmp_path, tmp_path, Path("/proc")):
        monkeypatch.setenv("XDG_CACHE_HOME", str(home))
        said.append(lean_model()("All right.", seed=1))
    assert len(list(tmp_path.glob("voiced/hibari-*.ort"))) == 1
    for spoken in said[1:]:
        np.testing.assert_array_equal(spoken, said[0])
