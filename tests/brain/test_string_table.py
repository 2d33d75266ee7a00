"""A table gives back what was put in, holds nothing of it in memory, and is refused where it is not whole."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.brain.string_table import StringTable, table_of

WORDS = st.text(st.characters(exclude_characters="\0"), max_size=9)
VALUES = (
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.dictionaries(st.text(), st.text())
)
MANY = {f"word{number}": f"sound{number}" for number in range(20_000)}


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(WORDS, VALUES), st.dictionaries(WORDS, VALUES), WORDS)
def test_what_was_put_in_is_found_again_and_nothing_else(
    one: dict[str, Any], other: dict[str, Any], more: str
) -> None:
    table = StringTable.within(table_of({"one": one, "other": other}))
    for name, section in (("one", one), ("other", other)):
        for word in (*section, more):
            assert table.section(name).get(word) == section.get(word)
            assert (word in table.section(name)) == (section.get(word) is not None)


def test_a_word_that_is_no_text_is_not_found() -> None:
    assert StringTable.within(table_of({"one": {"a": 1}})).section("one").get("\ud800") is None


@pytest.mark.parametrize("part", [0.0, 0.0001, 0.3, 0.9999, 1.0001])
def test_a_table_that_is_not_whole_is_refused(part: float, tmp_path: Path) -> None:
    whole = table_of({"words": MANY})
    path = tmp_path / "cut.table"
    path.write_bytes((whole + bytes(1000))[: int(part * len(whole))])
    with pytest.raises(ValueError, match="cut off"):
        StringTable.at(path)


def test_what_is_looked_up_does_not_stay_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "words.table"
    path.write_bytes(table_of({"words": MANY}))
    some = list(MANY.items())[::20]
    tracemalloc.start()
    try:
        words = StringTable.at(path).section("words")
        assert all(words.get(word) == sound for word, sound in some)
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held_bytes < path.stat().st_size / 10
