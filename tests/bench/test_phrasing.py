"""The lists of `make phrasing`, and what must hold for each sentence of them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from daemon.brain.nlu.grammar import Grammar, Intent
from daemon.brain.nlu.template_syntax import plain
from tests.bench.phrasing import FOLDER, LISTS, REFUSE, Phrasing, calls, measure, phrasings, tools

GRAMMAR = Grammar(tools())

ACTING = ("set_device", "set_level", "change_level", "set_colour", "blink_device", "pulse_device")
SEED = 13
SENTENCES = 1000
"""One in thirty of all sentences that the orders and what is put before and after them make."""

ORDERS_OF_A_WORD = 40


def forbidding(place: str) -> list[str]:
    """What is put before an order, after it, or within it, so that nothing may be done for it."""
    sections = Path(FOLDER, "forbidding.txt").read_text("utf-8").split("\n== ")
    found = {name: lines for name, *lines in (section.splitlines() for section in sections)}
    return [line for line in found[place] if line]


def test_the_lists_are_long_enough() -> None:
    understood, refused, fresh = (list(phrasings(name)) for name in ("development", "refused", "fresh"))
    assert len(understood) >= 600
    assert len(refused) >= 200
    assert sum(each.wanted != REFUSE for each in fresh) >= 100
    assert sum(each.wanted == REFUSE for each in fresh) >= 40


def test_no_sentence_has_two_meanings() -> None:
    meanings = {(plain(each.text), each.wanted) for name in LISTS for each in phrasings(name)}
    assert [text for text, often in Counter(text for text, _ in meanings).items() if often > 1] == []


@pytest.mark.parametrize("name", LISTS)
def test_every_meaning_is_a_call_that_the_home_offers(name: str) -> None:
    offered = {each["name"]: each["parameters"] for each in tools(name)}
    for call in (call for each in phrasings(name) for call in calls(each.wanted)):
        schemas = offered[call.name]["properties"]
        assert {*offered[call.name]["required"]} <= call.arguments.keys() <= schemas.keys()
        for parameter, value in call.arguments.items():
            assert value in schemas[parameter].get("enum", [value])


def test_a_meaning_is_written_as_calls() -> None:
    assert calls('set_level(device="lamp", percent=5), feed_cat()') == (
        Intent("set_level", {"device": "lamp", "percent": 5}),
        Intent("feed_cat"),
    )
    assert calls("greeting") == calls(REFUSE) == ()


def test_no_order_is_acted_on_or_asked_that_is_denied_told_of_or_put_off() -> None:
    chosen = random.Random(SEED)
    orders = [each.text for name in ("development", "fresh") for each in phrasings(name) if _is_order(each)]
    before, after = forbidding("before"), forbidding("after")
    texts = []
    for _ in range(SENTENCES):
        order, front, end = chosen.choice(orders), chosen.choice(before), chosen.choice(after)
        texts += [f"{front} {order}", f"{order} {end}", f"{front} {order} {end}"]
    assert [text for text in texts if GRAMMAR.read(text)] == []


@pytest.mark.parametrize("word", forbidding("within"))
def test_a_word_that_denies_or_puts_off_is_never_overheard(word: str) -> None:
    chosen = random.Random(SEED)
    orders = [each.text for each in phrasings("development") if _is_order(each)]
    understood = []
    for order in chosen.sample(orders, ORDERS_OF_A_WORD):
        words = order.split()
        for place in range(len(words) + 1):
            text = " ".join([*words[:place], word, *words[place:]])
            if (meaning := GRAMMAR.read(text)) and any(call.name in ACTING for call in meaning.calls):
                understood.append(text)
    assert understood == []


def _is_order(phrasing: Phrasing) -> bool:
    """Something is set, in other words than `you can ...`, which an `if` before it makes a request."""
    acts = any(call.name in ACTING for call in calls(phrasing.wanted))
    return acts and not plain(phrasing.text).startswith("you ") and GRAMMAR.read(phrasing.text) is not None


@pytest.mark.parametrize("name", LISTS)
def test_nothing_in_writing_is_acted_on_wrongly(name: str) -> None:
    found = measure(name, Grammar(tools(name)))
    assert [each.text for each, verdict in found.items() if verdict == "wrong"] == []
