"""The lists of `make phrasing`, and what must hold for each sentence of them."""

from __future__ import annotations

from collections import Counter

import pytest

from daemon.brain.nlu.grammar import Grammar, Intent
from daemon.brain.nlu.template_syntax import plain
from tests.bench.phrasing import LISTS, REFUSE, calls, measure, phrasings, tools

GRAMMAR = Grammar(tools())
OFFERED = {each["name"]: each["parameters"]["properties"] for each in tools()}
REQUIRED = {each["name"]: set(each["parameters"]["required"]) for each in tools()}


def test_the_lists_are_long_enough() -> None:
    understood, refused, fresh = (list(phrasings(name)) for name in ("development", "refused", "fresh"))
    assert len(understood) >= 600
    assert len(refused) >= 200
    assert sum(each.wanted != REFUSE for each in fresh) >= 100
    assert sum(each.wanted == REFUSE for each in fresh) >= 40


def test_no_sentence_has_two_meanings() -> None:
    meanings = {(plain(each.text), each.wanted) for name in LISTS for each in phrasings(name)}
    assert [text for text, often in Counter(text for text, _ in meanings).items() if often > 1] == []


def test_every_meaning_is_a_call_that_the_home_offers() -> None:
    for call in (call for name in LISTS for each in phrasings(name) for call in calls(each.wanted)):
        schemas = OFFERED[call.name]
        assert REQUIRED[call.name] <= call.arguments.keys() <= schemas.keys()
        for parameter, value in call.arguments.items():
            assert value in schemas[parameter].get("enum", [value])


def test_a_meaning_is_written_as_calls() -> None:
    assert calls('set_level(device="lamp", percent=5), feed_cat()') == (
        Intent("set_level", {"device": "lamp", "percent": 5}),
        Intent("feed_cat"),
    )
    assert calls("greeting") == calls(REFUSE) == ()


@pytest.mark.parametrize("name", LISTS)
def test_nothing_in_writing_is_acted_on_wrongly(name: str) -> None:
    found = measure(name, GRAMMAR)
    assert [each.text for each, verdict in found.items() if verdict == "wrong"] == []
