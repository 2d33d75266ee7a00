"""What a new session is told: what was heard, done and said, within its budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.history.history import MAY_BE_DONE, History, HistoryEntry, Said, lines, words_heard


def told(ledger: History, budget: int = 2000) -> list[str]:
    return [
        (item.content[0].text or "") if item.content else f"{item.type} {item.call_id}"
        for item in ledger.seed(budget_tokens=budget)
    ]


def test_a_turn_with_a_call_in_its_order() -> None:
    ledger = History()
    ledger.user("u1")
    ledger.called("c1", "set_device", "{}")
    ledger.transcribed("u1", "lamp on")
    assert told(ledger) == ["lamp on"]
    ledger.answered("c1", "The lamp is on.")
    ledger.assistant("a1", "The lamp")
    ledger.assistant("a1", "The lamp is on.")
    assert told(ledger) == ["lamp on", "function_call c1", "function_call_output c1", "The lamp is on."]


def test_the_assistants_words_are_written_text_and_the_users_spoken_to_it() -> None:
    ledger = History()
    ledger.user("u", "hello")
    ledger.assistant("a", "Hi.")
    kinds = [(item.role, item.content[0].type) for item in ledger.seed() if item.content]
    assert kinds == [("user", "input_text"), ("assistant", "output_text")]


def test_only_what_was_heard_is_told() -> None:
    ledger = History()
    ledger.assistant("a", "one two three four")
    ledger.heard("a", 500, 1000)
    assert told(ledger) == ["one two"]
    ledger.assistant("b", "never heard")
    ledger.heard("b", 0, 1000)
    assert told(ledger) == ["one two"]


@pytest.mark.parametrize(
    ("heard_ms", "words"),
    [(0, ""), (300, "one"), (400, "one two"), (1000, "one two three"), (9000, "one two three")],
)
def test_words_are_cut_whole(heard_ms: int, words: str) -> None:
    assert words_heard("one two three", heard_ms, 600 if heard_ms < 1000 else 1000) == words


@given(st.text(alphabet="ab ", max_size=40), st.integers(0, 2000), st.integers(1, 2000))
def test_what_is_kept_is_a_beginning(text: str, heard_ms: int, received_ms: int) -> None:
    assert text.startswith(words_heard(text, heard_ms, received_ms))


@given(st.integers(0, 300))
def test_the_budget_holds_and_the_oldest_stay_out(budget: int) -> None:
    ledger = History()
    for number in range(20):
        ledger.user(f"u{number}", f"question number {number:02d}")
    kept = told(ledger, budget)
    assert kept == [f"question number {number:02d}" for number in range(20 - len(kept), 20)]
    assert len(kept) * 10 <= budget


def test_forgotten_is_forgotten() -> None:
    ledger = History()
    ledger.user("u", "secret")
    ledger.forget()
    assert ledger.seed() == []


def test_without_words_the_sound_is_told_until_there_are_words() -> None:
    ledger = History()
    ledger.user("u1", spoken=(b"\1\0" * 24_000, b"\2\0" * 24_000))
    (item,) = ledger.seed()
    assert item.content
    assert (item.content[0].type, len(bytes(item.content[0].audio or b""))) == ("input_audio", 96_000)
    ledger.transcribed("u1", "lamp on")
    assert told(ledger) == ["lamp on"]


SECOND = b"\0\0" * 24_000


def sound_s(ledger: History) -> list[float]:
    items = ledger.seed(budget_tokens=10**6)
    return [sum(len(part.audio or b"") for part in item.content or []) / 48_000 for item in items]


def test_only_the_newest_half_minute_of_sound_is_kept() -> None:
    ledger = History()
    for number in range(5):
        ledger.user(f"u{number}", spoken=(SECOND,) * 8)
    assert sound_s(ledger) == [6, 8, 8, 8]
    ledger.user("long", spoken=(SECOND,) * 50)
    assert sound_s(ledger) == [30]


def test_what_is_appended_is_what_has_come_and_changed_and_sound_is_appended_once() -> None:
    ledger = History()
    appended = []
    for number in range(30):
        ledger.user(f"u{number}", spoken=(SECOND,))
        ledger.called(f"c{number}", "set_device", "{}")
        assert ledger.urgent
        appended.append(len(lines(ledger.news())))
        ledger.answered(f"c{number}", "done")
        for words in range(20):
            ledger.assistant(f"a{number}", "The lamp is on. " * words)
        assert ledger.urgent
        appended.append(len(lines(ledger.news())))
        assert not ledger.urgent
        assert ledger.news() == []
    once = len(lines([Said("user", "u", spoken=(SECOND,))]))
    assert sum(appended) < 30 * (once + 1000)
    assert max(appended[::2]) < 1.01 * min(appended[::2])


def test_lines_that_were_appended_are_the_conversation() -> None:
    ledger, after, kept = History(), History(), b""
    for number in range(3):
        ledger.user(f"u{number}", spoken=(SECOND,))
        kept += lines(ledger.news())
        ledger.called(f"c{number}", "set_device", "{}")
        kept += lines(ledger.news())
        ledger.transcribed(f"u{number}", "lamp on")
        ledger.assistant(f"a{number}", "The lamp")
        ledger.answered(f"c{number}", "done")
        kept += lines(ledger.news())
        ledger.assistant(f"a{number}", "The lamp is on.")
        ledger.heard(f"a{number}", 1, 2)
        ledger.note("Something happened.")
        kept += lines(ledger.news())
    assert after.restore(kept)
    assert after.seed() == ledger.seed()
    assert after.news() == []


def test_a_call_that_had_not_answered_may_have_been_done_and_is_told_so() -> None:
    ledger, after = History(), History()
    ledger.called("c1", "open_valve", '{"seconds":3}')
    assert after.restore(lines(ledger.news()))
    call, output = after.seed()
    assert (call.type, call.name, call.arguments) == ("function_call", "open_valve", '{"seconds":3}')
    assert (output.call_id, output.output) == (call.call_id, MAY_BE_DONE)


@given(cut=st.integers(0, 400))
def test_a_process_that_dies_while_it_appends_costs_that_line(cut: int) -> None:
    entries: list[HistoryEntry] = [Said("user", f"u{number}", "lamp on") for number in range(4)]
    kept = lines(entries)
    whole_lines = kept[: min(cut, len(kept))].count(b"\n")
    ledger = History()
    ledger.restore(kept[:cut])
    assert len(ledger.whole()) in (whole_lines, whole_lines + 1)
    assert [each.key for each in ledger.whole()] == [each.key for each in entries][: len(ledger.whole())]


def test_the_conversation_of_voiced_0_1_is_understood() -> None:
    ledger = History()
    old = b'[{"type":"said","role":"user","item_id":"i1","text":"lamp on","spoken":[]},' + (
        b'{"type":"called","call_id":"c1","name":"set_device","arguments":"{}","output":"done"},'
        b'{"type":"said","role":"assistant","item_id":"i2","text":"It is on.","spoken":[]}]'
    )
    assert ledger.restore(old)
    assert [item.type for item in ledger.seed()] == [
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]


def test_what_came_after_is_told_after() -> None:
    ledger = History()
    ledger.user("u1", "one")
    mark = ledger.last
    ledger.assistant("a1", "two")
    assert [item.role for item in ledger.seed(after=mark)] == ["assistant"]
    assert ledger.seed(after=ledger.last) == []


def test_another_process_goes_on_with_it() -> None:
    ledger, after = History(), History()
    ledger.user("u1", "lamp on")
    ledger.called("c1", "set_device", "{}")
    ledger.answered("c1", "The lamp is on.")
    ledger.user("u2", spoken=(b"\1\0" * 24_000,))
    assert after.restore(lines(ledger.whole()))
    assert after.seed() == ledger.seed()
    assert after.last == ledger.last


@pytest.mark.parametrize(
    "torn",
    [
        b"",
        b"[",
        b"{}",
        b'[{"type":"said"}]',
        b'[{"type":"sung"}]',
        b"\xff",
        b"[" * 100_000,
        b'{"type":"said","more":' + b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_no_history(torn: bytes) -> None:
    ledger = History()
    assert not ledger.restore(torn)
    assert ledger.seed() == []


def test_the_words_of_an_answer_without_an_id_do_not_take_the_place_of_the_question() -> None:
    ledger = History()
    ledger.user("", "turn on the lamp")
    ledger.assistant("", "The lamp")
    ledger.assistant("", "The lamp is on.")
    assert [item.content[0].text for item in ledger.seed() if item.content] == [
        "turn on the lamp",
        "The lamp is on.",
    ]
