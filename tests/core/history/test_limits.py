"""Where the history's limits lie, to the character, the token, the entry and the byte."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from daemon.core.history.history import MAX_ENTRIES, MAX_SOUND_BYTES, History, Said
from daemon.realtime.events import Item

LONGEST = 1500  # characters of one item
ITEM_TOKENS = 6  # that an item costs beside its words


def words(items: list[Item]) -> list[object]:
    return [part.text for item in items for part in item.content or []]


@pytest.mark.parametrize("length", [1, LONGEST - 1, LONGEST])
def test_a_text_up_to_the_longest_is_told_whole(length: int) -> None:
    history = History()
    history.user("u", "x" * length)
    assert words(history.seed()) == ["x" * length]


def test_of_a_longer_text_the_beginning_is_told_with_three_dots() -> None:
    history = History()
    history.user("u", "x" * (LONGEST + 1))
    assert words(history.seed()) == ["x" * LONGEST + " ..."]


@pytest.mark.parametrize(
    ("text", "tokens"), [("x", 0), ("xxx", 0), ("xxxx", 1), ("x" * 7, 1), ("x" * 8, 2), ("x" * 400, 100)]
)
def test_four_characters_are_a_token_and_an_item_is_six_more(text: str, tokens: int) -> None:
    history = History()
    history.user("u", text)
    assert history.seed(budget_tokens=ITEM_TOKENS + tokens)
    assert not history.seed(budget_tokens=ITEM_TOKENS + tokens - 1)


@pytest.mark.parametrize(("samples", "tokens"), [(2_399, 0), (2_400, 1), (24_000, 10)])
def test_a_tenth_of_a_second_of_sound_is_a_token(samples: int, tokens: int) -> None:
    history = History()
    history.user("u", spoken=(b"\0\0" * samples,))
    assert history.seed(budget_tokens=ITEM_TOKENS + tokens)
    assert not history.seed(budget_tokens=ITEM_TOKENS + tokens - 1)


def test_a_call_costs_its_arguments_and_its_output() -> None:
    history = History()
    history.called("c", "set_device", "a" * 40)
    history.answered("c", "o" * 80)
    cost = 2 * ITEM_TOKENS + 10 + 20
    assert len(history.seed(budget_tokens=cost)) == 2
    assert not history.seed(budget_tokens=cost - 1)


def test_what_no_longer_fits_ends_it_even_if_something_older_would_fit() -> None:
    history = History()
    history.user("small", "one")
    history.user("large", "x" * 400)
    history.user("last", "two")
    assert words(history.seed(budget_tokens=3 * ITEM_TOKENS)) == ["two"]


@pytest.mark.parametrize(("more", "told"), [(0, 20), (4, 19)])
def test_the_usual_budget_is_two_thousand_tokens_exactly(more: int, told: int) -> None:
    history = History()
    for number in range(40):
        history.user(f"u{number}", "x" * (4 * (100 - ITEM_TOKENS) + (number == 39) * more))
    assert len(history.seed()) == told


def test_the_newest_entries_are_kept_and_all_are_counted() -> None:
    history = History()
    for number in range(MAX_ENTRIES + 3):
        history.user(f"u{number}", str(number))
    assert MAX_ENTRIES == 400
    assert [entry.key for entry in history.whole()] == [f"u{number}" for number in range(3, MAX_ENTRIES + 3)]
    assert history.last == MAX_ENTRIES + 3


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_session_that_was_told_all_is_told_only_what_came_then(more: int) -> None:
    history = History()
    for number in range(MAX_ENTRIES + 7):
        history.user(f"u{number}", str(number))
    mark = history.last
    for number in range(more):
        history.user(f"new{number}", f"new {number}")
    assert words(history.seed(after=mark)) == [f"new {number}" for number in range(more)]


def test_a_session_that_was_told_what_is_gone_is_told_all_that_is_kept() -> None:
    history = History()
    for number in range(MAX_ENTRIES + 7):
        history.user(f"u{number}", "")
        history.transcribed(f"u{number}", str(number))
    assert words(history.seed(after=2, budget_tokens=10**6)) == [
        str(number) for number in range(7, MAX_ENTRIES + 7)
    ]


def kept(*pieces: int) -> list[int]:
    history = History()
    history.user("u", spoken=tuple(bytes(length) for length in pieces))
    (entry,) = history.whole()
    assert isinstance(entry, Said)
    return [len(piece) for piece in entry.spoken]


def test_half_a_minute_of_sound_is_kept_to_the_byte() -> None:
    assert MAX_SOUND_BYTES == 30 * 2 * 24_000
    assert kept(10, MAX_SOUND_BYTES) == [MAX_SOUND_BYTES]
    assert kept(10, MAX_SOUND_BYTES - 10) == [10, MAX_SOUND_BYTES - 10]
    assert kept(10, MAX_SOUND_BYTES - 9) == [MAX_SOUND_BYTES - 9]
    assert kept(10, MAX_SOUND_BYTES + 1) == []
    assert kept(2, MAX_SOUND_BYTES + 1, 3, 4) == [3, 4]


def test_sound_is_forgotten_oldest_first_over_all_that_has_no_words() -> None:
    history = History()
    half = MAX_SOUND_BYTES // 2
    history.user("old", spoken=(bytes(half),))
    history.assistant("between", "No.")
    history.user("known", "words", spoken=(bytes(half),))
    history.user("late", spoken=(bytes(half),))
    history.user("new", spoken=(bytes(8),))
    sound = {entry.key: sum(map(len, entry.spoken)) for entry in history.whole() if isinstance(entry, Said)}
    assert sound == {"old": 0, "between": 0, "known": 0, "late": half, "new": 8}


def test_an_item_bears_our_key_where_it_may_have_to_be_deleted_only() -> None:
    history = History()
    history.user("u", "question")
    history.assistant("a", "answer")
    history.assistant("", "said by nobody we know")
    history.note("Something happened.")
    assert [item.id for item in history.seed()] == [UNSET, "a", UNSET, UNSET]
    assert [item.role for item in history.seed()] == ["user", "assistant", "assistant", "system"]


def test_the_part_that_was_heard_is_told_again_without_its_key() -> None:
    history = History()
    history.assistant("a", "one two three four")
    history.heard("a", 500, 1000)
    (item,) = history.retold("a")
    assert (item.id, item.role, words([item])) == (UNSET, "assistant", ["one two"])
    history.heard("a", 0, 1000)
    assert history.retold("a") == []
    assert history.retold("unknown") == []
    assert history.words_of("unknown") == ""
