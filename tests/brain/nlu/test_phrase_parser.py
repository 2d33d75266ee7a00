"""What is written freely is acted on where every word of it is accounted for, and refused otherwise."""

from __future__ import annotations

from itertools import permutations
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.brain.nlu.grammar import Grammar
from daemon.brain.nlu.intents import Kind
from daemon.brain.nlu.template_syntax import words
from daemon.brain.nlu.tokenizer import phrases
from daemon.brain.nlu.word_classes import CLASSES
from tests.brain.home import UNUSUAL, home, tool

HOME = Grammar(home())
KNOWN = sorted({phrase for pattern in CLASSES.values() for phrase in phrases(pattern)})

ORDERS = (
    "lamp off now",
    "would you mind turning off the lamp",
    "kill the lights",
    "we don't need the fan any longer",
    "get the fan going",
    "put the heater at sixty percent please",
    "could we have the kitchen light in blue",
    "let the lamp blink three times",
    "run the fan for five seconds",
    "put the lamp on and start the fan",
)
BEFORE = (
    *("don't", "do not", "please don't", "never", "no need to", "not"),
    *("I", "he", "they have", "yesterday I", "who", "why did you", "I already", "I forgot to"),
    *("she said", "she asked me to", "tell her to", "the book says"),
    *("if", "when", "once I'm home", "unless", "maybe", "what if I"),
    *("tomorrow", "at seven", "in five minutes", "later", "we will"),
)
AFTER = (
    *("at seven", "at nine o'clock", "at 8", "tonight", "later", "in an hour", "every day", "until ten"),
    *("when I come", "once it is dark", "if it is cold", "unless I am here", "or not", "but don't"),
    *("yesterday", "an hour ago", "already", "he said"),
    *("in the bedroom", "upstairs", "next door", "and the television", "on the table"),
)


def calls(text: str, grammar: Grammar = HOME) -> list[tuple[str, dict[str, Any]]] | None:
    meaning = grammar.read(text)
    return None if meaning is None else [(call.name, dict(call.arguments)) for call in meaning.calls]


def weighed(text: str, grammar: Grammar = HOME) -> tuple[str, list[tuple[str, dict[str, Any]]] | None]:
    meaning = grammar.read(text)
    return "act" if meaning and meaning.sure else "ask", calls(text, grammar)


@pytest.mark.parametrize("text", ORDERS)
def test_an_order_is_understood_in_writing_and_is_no_sentence_to_listen_for(text: str) -> None:
    assert calls(text)
    assert HOME.understand(text) is None


@pytest.mark.parametrize("before", BEFORE)
def test_nothing_is_done_for_an_order_that_is_denied_told_of_or_put_off(before: str) -> None:
    assert [text for text in ORDERS if calls(f"{before} {text}")] == []


@pytest.mark.parametrize("after", AFTER)
def test_nothing_is_done_for_an_order_with_a_time_a_condition_or_another_place(after: str) -> None:
    assert [text for text in ORDERS if calls(f"{text} {after}")] == []


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("is the door still shut", "read_device", {"device": "door"}),
        ("how warm is it in here", "read_device", {"device": "temperature"}),
        ("is anybody moving?", "read_device", {"device": "motion"}),
        ("did I leave the heater on", "read_device", {"device": "heater"}),
        ("what's the date today", "current_time", {}),
        ("a bit louder please", "change_volume", {"direction": "up"}),
        ("put the volume at forty", "set_volume", {"percent": 40}),
        ("half brightness on the lamp", "set_level", {"device": "lamp", "percent": 50}),
        ("turn on the light in the kitchen", "set_device", {"device": "kitchen light", "state": "on"}),
        ("flash the red light twice please", "blink_device", {"device": "red light", "times": 2}),
        ("heater for half a minute", "pulse_device", {"device": "heater", "seconds": 30}),
        ("hush", "stop_conversation", {}),
        ("lamp brighter please", "change_level", {"device": "lamp", "direction": "up"}),
        ("dim the lamp", "change_level", {"device": "lamp", "direction": "down"}),
        ("the fan is too fast", "change_level", {"device": "fan", "direction": "down"}),
        (
            "a bit more heat from the heater",
            "change_level",
            {"device": "heater", "direction": "up", "percent": 10},
        ),
        ("turn the lamp down a lot", "change_level", {"device": "lamp", "direction": "down", "percent": 40}),
        ("turn the fan up by 30%", "change_level", {"device": "fan", "direction": "up", "percent": 30}),
    ],
)
def test_a_phrasing_is_one_call(text: str, name: str, arguments: dict[str, Any]) -> None:
    assert calls(text) == [(name, arguments)]


@pytest.mark.parametrize(
    "text",
    [
        "is the lamp open",
        "is the temperature closed",
        "make the lamp in blue",
        "lamp blink forty times",
        "lamp at seven",
        "turn on half the lights",
        "turn on two lights",
        "open the door",
        "the lamp is on",
        "stop turning on the lamp",
        "have you turned off the lamp and put the heater on",
        "put it on the lamp",
        "no need to turn on the lamp",
        "no need for the lamp at fifty percent",
        "do you mind the lamp on",
        "I'm leaving the lamp on",
        "I am cold with the fan on",
        "I can't see the lamp on",
        "turn off everything but the lamp",
        "in ten seconds, lamp on",
        "start the door",
        "lamp fan heater",
        "leave the lamp on",
        "show me the door",
        "how warm is it in the fridge",
        "turn the heater up at seven",
        "the lamp was too bright",
        "turn the fan up by seven",
        "turn up the door",
        "don't dim the lamp",
        "the lamp is brighter than the fan",
    ],
)
def test_what_a_device_cannot_do_and_what_may_be_a_time_is_refused(text: str) -> None:
    assert calls(text) is None


@pytest.mark.parametrize("name", UNUSUAL)
def test_any_name_takes_the_place_of_a_device(name: str) -> None:
    grammar = Grammar(home(UNUSUAL, rgb=(), sensors=()))
    off = [("set_device", {"device": name, "state": "off"})]
    assert calls(f"we don't need the {name} any longer", grammar) == off


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("fan please", "set_device", {"device": "fan", "state": "on"}),
        ("I need the fan", "set_device", {"device": "fan", "state": "on"}),
        ("we are done with the fan", "set_device", {"device": "fan", "state": "off"}),
        ("shall we turn the fan on", "set_device", {"device": "fan", "state": "on"}),
        ("the fan could be off", "set_device", {"device": "fan", "state": "off"}),
        ("lower the lamp ten percent", "set_level", {"device": "lamp", "percent": 10}),
        ("it's freezing in here", "set_device", {"device": "heater", "state": "on"}),
    ],
)
def test_a_loose_wish_is_asked(text: str, name: str, arguments: dict[str, Any]) -> None:
    assert weighed(text) == ("ask", [(name, arguments)])


def test_what_the_dark_wants_is_every_light() -> None:
    lights = ("lamp", "kitchen light", "red light", "green light")
    on = [("set_device", {"device": name, "state": "on"}) for name in lights]
    assert weighed("it is too dark in here") == ("ask", on)


@pytest.mark.parametrize("text", ORDERS)
def test_an_order_that_names_what_is_wanted_is_sure(text: str) -> None:
    assert weighed(text)[0] == "act"


@pytest.mark.parametrize("order", list(permutations(("lamp", "on", "turn", "please"))))
def test_the_words_of_an_order_may_stand_in_any_order(order: tuple[str, ...]) -> None:
    assert calls(" ".join(order)) == [("set_device", {"device": "lamp", "state": "on"})]


@pytest.mark.parametrize(
    "text",
    [
        "I'm cold, put the heater on",
        "it is freezing, heater on",
        "heater on please, it is so cold in here",
        "I am cold put the heater on",
        "Hello! Heater on, thanks.",
    ],
)
def test_a_reason_or_a_greeting_beside_an_order_has_no_weight(text: str) -> None:
    assert weighed(text) == ("act", [("set_device", {"device": "heater", "state": "on"})])


@pytest.mark.parametrize(
    "text",
    [
        "lamp off, fan on",
        "turn the lamp off and then the fan on",
        "lamp off; put the fan on",
        "kill the lamp, start the fan",
    ],
)
def test_a_comma_parts_orders_as_and_does(text: str) -> None:
    assert calls(text) == [
        ("set_device", {"device": "lamp", "state": "off"}),
        ("set_device", {"device": "fan", "state": "on"}),
    ]


def test_one_that_names_no_device_is_about_the_last() -> None:
    assert weighed("a bit brighter") == (
        "act",
        [("change_level", {"device": "it", "direction": "up", "percent": 10})],
    )


def test_two_names_with_the_same_last_word_may_share_it() -> None:
    off = [("set_device", {"device": name, "state": "off"}) for name in ("red light", "green light")]
    assert calls("turn the red and the green light off") == off
    assert calls("red and green lights off") == off
    assert calls("red and blue lights off") is None


def test_one_device_more_is_treated_likewise() -> None:
    dimmed = [("set_level", {"device": name, "percent": 50}) for name in ("lamp", "fan")]
    assert calls("put the lamp at half and the fan") == dimmed
    assert calls("put the lamp at half and the door") is None


def test_a_number_without_its_percent_that_may_be_an_hour_is_no_level() -> None:
    assert calls("put the lamp at twenty five") == [("set_level", {"device": "lamp", "percent": 25})]
    assert calls("put the lamp at twelve") is None


def test_a_name_may_have_an_apostrophe() -> None:
    grammar = Grammar(home(["Anna's lamp", "dad's"], rgb=(), sensors=()))
    for text in ("get Anna's lamp going", "get annas lamp going", "get Anna’s lamp going"):
        assert calls(text, grammar) == [("set_device", {"device": "Anna's lamp", "state": "on"})]


def test_the_last_word_of_a_name_is_asked_for_where_it_is_the_only_one() -> None:
    on = [("set_device", {"device": "desk lamp", "state": "on"})]
    lamp = home(["desk lamp", "fan"], rgb=(), sensors=())
    assert weighed("switch the lamp on please", Grammar(lamp)) == ("ask", on)
    assert weighed("switch the desk lamp on please", Grammar(lamp)) == ("act", on)
    two = home(["desk lamp", "floor lamp"], rgb=(), sensors=())
    assert calls("switch the lamp on please", Grammar(two)) is None
    assert calls("switch the table lamp on please", Grammar(lamp)) is None


def test_two_sensors_of_a_kind_have_no_nickname() -> None:
    two = Grammar(home(sensors=("room temperature", "garden temperature")))
    assert calls("how warm is it", two) is None
    assert calls("tell me the garden temperature", two) == [("read_device", {"device": "garden temperature"})]


def test_a_client_whose_tool_takes_no_steps_is_not_given_one() -> None:
    lamp = {"type": "string", "enum": ["lamp"]}
    directions = {"type": "string", "enum": ["up", "down"]}
    plain = Grammar(
        [tool("set_device", device=lamp), tool("change_level", device=lamp, direction=directions)]
    )
    assert calls("lamp a bit brighter", plain) == [("change_level", {"device": "lamp", "direction": "up"})]
    assert calls("turn the lamp up by 30 percent", plain) is None


def test_a_tool_that_is_not_there_is_not_called() -> None:
    assert calls("kill the lights", Grammar([tool("current_time")])) is None
    assert calls("how late is it", Grammar([])) is None


def test_a_tool_of_ones_own_may_be_asked_for_kindly() -> None:
    grammar = Grammar([tool("feed_cat")])
    assert calls("I'd like you to feed our cat please", grammar) == [("feed_cat", {})]


SCENE = tool("set_scene", scene={"type": "string", "enum": ["movie", "rainy day"]})
PLANTS = tool("water_plants", minutes={"type": "integer", "minimum": 1, "maximum": 30})


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("movie scene please", "set_scene", {"scene": "movie"}),
        ("let's have the scene for a rainy day", "set_scene", {"scene": "rainy day"}),
        ("give the plants ten minutes of water", "water_plants", {"minutes": 10}),
        ("would you mind watering our plants for ten minutes", "water_plants", {"minutes": 10}),
    ],
)
def test_a_tool_of_ones_own_that_is_asked_for_loosely_is_asked(
    text: str, name: str, arguments: dict[str, Any]
) -> None:
    grammar = Grammar([*home(), SCENE, PLANTS])
    assert weighed(text, grammar) == ("ask", [(name, arguments)])


@pytest.mark.parametrize(
    "text",
    [
        "what a scene that movie has",
        "set the scene",
        "the movie was good",
        "set movie",
        "water the plants",
        "water the plants for fifty minutes",
        "water the plants for ten seconds",
        "the plants and the scene",
        "don't water the plants for ten minutes",
        "I watered the plants for ten minutes",
    ],
)
def test_a_tool_of_ones_own_is_not_asked_for_by_a_part_of_its_words(text: str) -> None:
    assert calls(text, Grammar([*home(), SCENE, PLANTS])) is None


def test_what_is_read_is_told_back_in_words() -> None:
    meanings = [HOME.read(text) for text in ORDERS[5:7]]
    assert [each and each.readback for each in meanings] == [
        "the heater, 60 percent",
        "the kitchen light, blue",
    ]


@given(st.text())
def test_any_text_is_read_without_trouble(text: str) -> None:
    meaning = HOME.read(text)
    assert meaning is None or meaning.kind in get_args(Kind)


@given(st.lists(st.sampled_from([*KNOWN, "lamp", "fan", "door", ",", "."]), max_size=12))
def test_any_heap_of_known_phrases_is_read_without_trouble(heap: list[str]) -> None:
    meaning = HOME.read(" ".join(heap))
    assert meaning is None or meaning.kind in get_args(Kind)


@given(st.lists(st.sampled_from(words("the lamp fan on off turn please and to at ten half percent is not"))))
def test_no_heap_of_words_acts_on_what_it_does_not_name(heap: list[str]) -> None:
    for _, arguments in calls(" ".join(heap)) or ():
        assert arguments.get("device", "lamp") in heap
