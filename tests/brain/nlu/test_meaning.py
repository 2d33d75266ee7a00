from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.brain.asr.word_network import Network
from daemon.brain.nlu.grammar import Grammar, Intent, Meaning
from daemon.brain.nlu.intents import Kind
from daemon.brain.nlu.template_syntax import compiled, count, numbers, plain, spell
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from tests.brain.home import OUTPUTS, home, tool
from tests.devices.home import Home

HOME = Grammar(home())


def calls(text: str, grammar: Grammar = HOME) -> list[tuple[str, dict[str, Any]]] | None:
    meaning = grammar.understand(text)
    return None if meaning is None else [(call.name, dict(call.arguments)) for call in meaning.calls]


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("turn on the lamp", "set_device", {"device": "lamp", "state": "on"}),
        ("Switch the kitchen light off, please!", "set_device", {"device": "kitchen light", "state": "off"}),
        ("could you please toggle the fan", "set_device", {"device": "fan", "state": "toggle"}),
        ("lamp on", "set_device", {"device": "lamp", "state": "on"}),
        ("set the lamp to 25%", "set_level", {"device": "lamp", "percent": 25}),
        ("dim the lamp to twenty-five per cent", "set_level", {"device": "lamp", "percent": 25}),
        ("turn the fan up to one hundred percent", "set_level", {"device": "fan", "percent": 100}),
        ("make the light blue", "set_colour", {"device": "kitchen light", "colour": "blue"}),
        ("turn the kitchen light to green", "set_colour", {"device": "kitchen light", "colour": "green"}),
        ("blink the red light twice", "blink_device", {"device": "red light", "times": 2}),
        ("Blink the lamp 5 times", "blink_device", {"device": "lamp", "times": 5}),
        ("pulse the fan for three seconds", "pulse_device", {"device": "fan", "seconds": 3}),
        ("is the door open?", "read_device", {"device": "door"}),
        ("is there any motion", "read_device", {"device": "motion"}),
        ("what's the temperature", "read_device", {"device": "temperature"}),
        ("is the heater on", "read_device", {"device": "heater"}),
        ("what time is it", "current_time", {}),
        ("what is the date", "current_time", {}),
        ("make the lamp brighter", "change_level", {"device": "lamp", "direction": "up"}),
        ("make the fan slower", "change_level", {"device": "fan", "direction": "down"}),
        ("dim the lamp", "change_level", {"device": "lamp", "direction": "down"}),
        ("mute the microphone", "mute_microphone", {}),
        ("list all devices", "list_devices", {}),
        ("set the volume to 40 percent", "set_volume", {"percent": 40}),
        ("volume up", "change_volume", {"direction": "up"}),
        ("turn down the volume", "change_volume", {"direction": "down"}),
        ("stop", "stop_conversation", {}),
        ("forget the conversation", "forget_conversation", {}),
    ],
)
def test_one_call(text: str, name: str, arguments: dict[str, Any]) -> None:
    assert calls(text) == [(name, arguments)]


def test_what_has_no_level_is_not_turned_up() -> None:
    home_of = Home({"lamp": Pwm(pin=1), "heater": Relay(pin=2)})
    assert home_of.say("make the lamp brighter") == "The lamp is at 20 percent."
    assert home_of.say("dim the lamp") == "The lamp is at 5 percent."
    for text in ("turn up the heater", "make the heater brighter", "dim the heater"):
        assert home_of.grammar.read(text) is None


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("turn on the lamp and the fan", ["lamp", "fan"]),
        ("turn the lamp and the red light and the fan on", ["lamp", "red light", "fan"]),
        ("turn on everything", OUTPUTS),
        ("switch all the lights on", ["lamp", "kitchen light", "red light", "green light"]),
    ],
)
def test_several_devices_in_one_sentence(text: str, devices: list[str]) -> None:
    assert calls(text) == [("set_device", {"device": device, "state": "on"}) for device in devices]


def test_two_commands_in_one_sentence_are_read_back_together() -> None:
    meaning = HOME.understand("turn on the lamp and set the fan to 30 percent")
    assert meaning is not None
    assert meaning.calls == (
        Intent("set_device", {"device": "lamp", "state": "on"}),
        Intent("set_level", {"device": "fan", "percent": 30}),
    )
    assert meaning.readback == "the lamp, on, and the fan, 30 percent"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "turn on the television",
        "blink the blue light three times",
        "turn up the heater",
        "make the lamp blue",
        "what day is it",
        "open the door",
        "turn on the lamp tomorrow",
        "i turned on the lamp",
        "set the lamp to 250 percent",
        "blink the lamp 40 times",
        "turn on the !television",
    ],
)
def test_what_is_no_command_is_not_understood(text: str) -> None:
    assert HOME.understand(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("what can you do", "help"),
        ("help", "help"),
        ("Hello!", "greeting"),
        ("good morning", "greeting"),
        ("thank you", "thanks"),
        ("who are you?", "identity"),
        ("say that again please", "repeat"),
        ("could you repeat that", "repeat"),
        ("Yes please.", "yes"),
        ("okay", "yes"),
        ("no thanks", "no"),
    ],
)
def test_questions_about_the_box_and_answers_to_its_own(text: str, kind: str) -> None:
    meaning = HOME.understand(text)
    assert meaning is not None
    assert meaning.kind == kind
    assert meaning.calls == ()


def test_the_readback_names_device_and_state() -> None:
    meaning = HOME.understand("turn on the lamp and the fan")
    assert meaning == Meaning(
        "calls",
        (
            Intent("set_device", {"device": "lamp", "state": "on"}),
            Intent("set_device", {"device": "fan", "state": "on"}),
        ),
        "the lamp and the fan, on",
    )


def test_light_alone_means_the_only_coloured_one() -> None:
    two = Grammar(home(rgb=("kitchen light", "red light")))
    assert two.understand("make the light blue") is None
    assert calls("make the red light blue", two) == [
        ("set_colour", {"device": "red light", "colour": "blue"})
    ]


def test_only_tools_that_are_there_are_listened_for() -> None:
    clock = Grammar([tool("current_time")])
    assert clock.understand("what time is it") is not None
    assert clock.understand("turn on the lamp") is None
    assert "lamp" not in clock.text.split()


def test_help_gives_sentences_that_work() -> None:
    said = HOME.help()
    assert "turn on the lamp" in said
    examples = said.removeprefix("You can say: ").removesuffix(".").replace(", or ", ", ").split(", ")
    assert len(examples) > 3
    assert all(HOME.understand(example) is not None for example in examples)
    assert "what time is it" in said
    assert "turn down the volume" in said
    assert Grammar([]).help()


def test_help_names_the_owners_tools_by_sentences_that_work() -> None:
    minutes = {"type": "integer", "minimum": 20, "maximum": 30}
    scene = {"type": "string", "enum": ["Movie!", "dinner"]}
    grammar = Grammar([*home(), tool("water_plants", minutes=minutes), tool("set_scene", scene=scene)])
    for example in ("water plants for twenty minutes", "set scene movie"):
        assert example in grammar.help()
        assert calls(example, grammar)


@pytest.mark.parametrize(
    ("topic", "examples"),
    [
        ("fan", ["turn on the fan", "set the fan to fifty percent", "is the fan on"]),
        ("kitchen light", ["make the kitchen light red"]),
        ("door", ["is the door open"]),
        ("volume", ["turn down the volume"]),
        ("date", ["what time is it"]),
        ("plants", ["water plants"]),
    ],
)
def test_help_on_a_topic_gives_its_sentences(topic: str, examples: list[str]) -> None:
    grammar = Grammar([*home(), tool("water_plants")])
    meaning = grammar.understand(f"what can I say about the {topic}")
    assert meaning == Meaning("help", about=(topic,))
    said = grammar.help(*meaning.about)
    assert all(example in said for example in examples)
    assert ("turn on the lamp" in said) == (topic == "lamp")


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("turn on the television", "turn on the lamp"),
        ("switch on the heather", "turn on the heater"),
        ("please open the window", "is the window open"),
        ("what is the humidity", "what is the temperature"),
        ("turn up the heater", "turn on the heater"),
        ("make the kitchen light turquoise", "make the kitchen light red"),
        ("set the scene to breakfast", "set scene movie"),
        ("nothing of the sort", "turn on the lamp"),
    ],
)
def test_the_nearest_example_of_what_was_not_understood(text: str, example: str) -> None:
    scene = {"type": "string", "enum": ["movie", "dinner"]}
    grammar = Grammar([*home(), tool("set_scene", scene=scene)])
    assert grammar.nearest(text, 30) == example
    assert len(grammar.nearest(text, 16)) <= 16


@pytest.mark.parametrize(
    ("schema", "text", "arguments"),
    [
        ({}, "water the plants", {}),
        (
            {"seconds": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 30}, {"type": "null"}]}},
            "water the plants for ten seconds",
            {"seconds": 10},
        ),
        ({"bed": {"type": "string", "enum": ["cafe\u0301"]}}, "water plants café", {"bed": "cafe\u0301"}),
        (
            {"seconds": {"type": "integer", "minimum": 1, "maximum": 30}},
            "water the plants for ten seconds",
            {"seconds": 10},
        ),
        (
            {"bed": {"type": "string", "enum": ["roses", "herb bed"]}},
            "water plants herb bed",
            {"bed": "herb bed"},
        ),
        (
            {"bed": {"type": "string", "enum": ["roses"]}, "litres": {"type": "number", "maximum": 9}},
            "please water the plants at the roses 3 litres",
            {"bed": "roses", "litres": 3},
        ),
    ],
)
def test_a_tool_of_ones_own_is_called_by_its_name(
    schema: dict[str, Any], text: str, arguments: dict[str, Any]
) -> None:
    assert calls(text, Grammar([tool("water_plants", **schema)])) == [("water_plants", arguments)]


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        {},
        {"properties": None},
        {"properties": {"device": True}},
        {"properties": {"device": {"enum": ["", "?", 3, None]}}},
        {"properties": {"device": {"type": "integer", "minimum": "low", "maximum": None}}},
        {"properties": {"device": {"type": "integer", "minimum": 500}}, "required": ["device"]},
        {"properties": {"device": {"type": ["integer", "null"]}}, "required": None},
    ],
)
@pytest.mark.parametrize("name", ["set_device", "read_device", "do_it"])
def test_strange_schemas_do_no_harm(name: str, parameters: Any) -> None:
    grammar = Grammar([{"type": "function", "name": name, "parameters": parameters}])
    assert grammar.understand("what can you do") is not None
    assert grammar.understand("turn on the lamp") is None
    Network(grammar.text_when_asked)


def test_a_time_of_day_is_no_number_of_a_tool() -> None:
    grammar = Grammar([tool("water_plants", minutes={"type": "integer", "minimum": 1, "maximum": 30})])
    assert calls("water the plants for six minutes", grammar) == [("water_plants", {"minutes": 6})]
    for text in ("water the plants at six", "water the plants for six minutes at seven"):
        assert grammar.read(text) is None


def test_a_tool_that_needs_free_text_cannot_be_said() -> None:
    assert Grammar([tool("send_note", text={"type": "string"})]).understand("send note") is None


@given(st.integers(0, 100))
def test_numbers_are_spelled_and_counted(number: int) -> None:
    assert count(spell(number)) == number
    assert plain(f"{number}%") == f"{spell(number)} percent"


def test_a_number_that_nobody_can_read_stays_as_it_is() -> None:
    assert plain(f"Raum {'9' * 5000}!") == f"raum {'9' * 5000}"


@given(st.integers(0, 100), st.integers(0, 100))
def test_a_pattern_of_numbers_takes_its_range_and_nothing_else(low: int, high: int) -> None:
    low, high = sorted((low, high))
    pattern = compiled(numbers(low, high))
    assert [n for n in range(101) if pattern.fullmatch(f"{spell(n)} ")] == list(range(low, high + 1))


def test_a_very_long_sentence_takes_no_long_time() -> None:
    assert HOME.understand(" and ".join(["turn on the lamp"] * 200 + ["so on"])) is None


@given(st.text())
def test_any_text_is_understood_or_not_without_trouble(text: str) -> None:
    meaning = HOME.understand(text)
    assert meaning is None or meaning.kind in get_args(Kind)


@given(st.lists(st.sampled_from(OUTPUTS), min_size=1, max_size=6), st.sampled_from(["on", "off"]))
def test_each_named_device_is_set_once(devices: list[str], state: str) -> None:
    text = f"turn {state} the {' and the '.join(devices)}"
    expected = [("set_device", {"device": device, "state": state}) for device in dict.fromkeys(devices)]
    assert calls(text) == expected


def test_the_network_of_a_pattern_has_its_words_in_place() -> None:
    network = Network("a [ b ] ( c | d )*")
    reach = network.reach()
    after = {word: set(reach[target]) for _, word, target in network.words}
    before = {word: source for source, word, _ in network.words}
    assert before["b"] in after["a"]
    assert before["d"] in after["a"]
    assert before["c"] in after["d"]
    assert before["a"] not in after["b"]
    assert all(network.end in after[word] for word in "abcd")
