"""One client's tools, however many, are its own affair: the others are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import websockets

from daemon.brain.nlu import plugin_templates
from daemon.brain.nlu.grammar import LONGEST_COMMAND, MOST_SPOKEN_WORDS, Grammar
from daemon.brain.nlu.intent_templates import MOST_NAMES_BESIDE, sentences
from daemon.realtime.events import Json
from tests.brain.scripted import LAMP_AND_FAN, ScriptedEar, serving, tool
from tests.brain.talk import asynchronous, calls, talking

SYLLABLES = ["ba", "be", "bi", "bo", "bu", "da", "de", "di", "do", "du"]


def names(first: int, count: int) -> list[str]:
    """Different words that mean nothing."""
    digits = (f"{number:04}" for number in range(first, first + count))
    return ["".join(SYLLABLES[int(digit)] for digit in each) for each in digits]


def many_tools(count: int) -> list[Json]:
    """So many tools of so many names each."""
    enums = [{"type": "string", "enum": names(index * 40, count)} for index in range(count)]
    return [tool(f"tool_{index}", device=enum) for index, enum in enumerate(enums)]


async def ask(connection: Any, text: str) -> None:
    """Type something and ask for an answer in writing."""
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "user", "content": content}
    await connection.send(json.dumps({"type": "conversation.item.create", "item": item}))
    written = {"output_modalities": ["text"]}
    await connection.send(json.dumps({"type": "response.create", "response": written}))


async def use(connection: Any, tools: list[Json]) -> None:
    session = {"type": "realtime", "tools": tools, "audio": {"input": {"turn_detection": None}}}
    await connection.send(json.dumps({"type": "session.update", "session": session}))


async def answer(connection: Any) -> Json:
    """The next finished response."""
    while True:
        event = json.loads(await connection.recv())
        if event["type"] == "response.done":
            response: Json = event["response"]
            return response


@asynchronous
async def test_two_hundred_tools_of_two_hundred_names_hold_up_nobody_else() -> None:
    async with serving(ScriptedEar()) as url, websockets.connect(url, max_size=None) as big:
        await use(big, many_tools(200))
        await ask(big, "tool seven bababubu")
        first = asyncio.create_task(answer(big))
        for _ in range(3):
            async with websockets.connect(url) as other:
                await use(other, LAMP_AND_FAN)
                await ask(other, "turn on the lamp")
                assert calls(await answer(other)) == [("set_device", {"device": "lamp", "state": "on"})]
        assert not first.done()
        assert (await first)["status"] == "completed"


@asynchronous
async def test_a_client_that_changes_its_tools_again_and_again_holds_up_nobody_else() -> None:
    async with serving(ScriptedEar()) as url, websockets.connect(url, max_size=None) as big:
        for count in range(40, 60):
            await use(big, many_tools(count))
        await ask(big, "tool seven bababubu")
        first = asyncio.create_task(answer(big))
        async with websockets.connect(url) as other:
            await use(other, LAMP_AND_FAN)
            await ask(other, "turn on the lamp")
            assert calls(await answer(other))
        await first


@asynchronous
async def test_tools_that_come_again_are_compiled_once() -> None:
    built: list[int] = []

    class CountingThreads(ThreadPoolExecutor):
        def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
            if work is Grammar:
                built.append(len(*args))
            return super().submit(work, *args, **kwargs)

    async with serving(ScriptedEar(), threads=CountingThreads) as url:
        for _ in range(3):
            async with websockets.connect(url) as one, websockets.connect(url) as other:
                for connection in (one, other):
                    await use(connection, LAMP_AND_FAN)
                    await ask(connection, "turn on the lamp")
                    assert calls(await answer(connection))
    assert built == [len(LAMP_AND_FAN)]


@asynchronous
async def test_of_many_changes_of_tools_the_last_counts() -> None:
    async with talking() as talk:
        for name in names(0, 30):
            talk.configure(tools=[tool("light", room={"type": "string", "enum": [name]})])
        assert calls(await talk.type(f"light the {name}")) == [("light", {"room": name})]
        assert calls(await talk.type("light the babababa")) == []


def test_what_the_ear_listens_for_has_an_end_and_begins_with_the_first_tools() -> None:
    grammar = Grammar([*LAMP_AND_FAN, *many_tools(150)])
    assert "lamp" in grammar.text
    assert len(grammar.text.split()) < 1.1 * MOST_SPOKEN_WORDS
    assert grammar.omitted
    assert not Grammar(LAMP_AND_FAN).omitted
    assert grammar.understand("tool one hundred babudubu") is None
    assert grammar.understand(f"tool seven {names(280, 1)[0]}") is not None


def test_names_are_listened_for_beside_others_up_to_a_limit() -> None:
    reading = tool("read_device", device={"type": "string", "enum": names(0, 5000)})
    switch = tool("set_device", device={"type": "string", "enum": ["lamp"]}, state={"type": "string"})
    (pattern, *_) = [sentence.pattern for sentence in sentences([switch, reading])]
    beside = {word.removeprefix("!") for word in pattern.split()} & set(names(0, 5000))
    assert len(beside) == MOST_NAMES_BESIDE - 1


TANGLED = [
    (
        [
            tool(
                "set_device",
                device={"type": "string", "enum": ["a", "a and the a", "the a", "a and a"]},
                state={"type": "string", "enum": ["on", "off"]},
            )
        ],
        "turn on the a" + " and the a" * 45,
    ),
    (
        [
            {
                "type": "function",
                "name": "mix",
                "parameters": {"properties": {f"p{n}": {"enum": ["a", "a a"]} for n in range(40)}},
            }
        ],
        "mix" + " a" * 60,
    ),
    ([*LAMP_AND_FAN], " and ".join(["turn on the lamp and the fan"] * 16)),
    ([*LAMP_AND_FAN], "turn on the lamp" + " and the fan" * 100_000),
]


@pytest.mark.parametrize(("tools", "text"), TANGLED, ids=["names", "options", "lists", "long"])
@pytest.mark.parametrize("end", ["", " nonsense"])
def test_no_sentence_takes_longer_than_there_is_time_for(tools: list[Json], text: str, end: str) -> None:
    # Read in every way there is, each of these would take years: the test's own limit would end it.
    meaning = Grammar(tools).understand(text + end)
    assert meaning is None or not end


def test_a_command_may_be_long_and_a_story_is_none() -> None:
    grammar = Grammar(LAMP_AND_FAN)
    several = " and ".join(["turn on the lamp", "turn on the fan"] * 4)
    assert len(several) < LONGEST_COMMAND
    meaning = grammar.understand(several)
    assert meaning is not None
    assert len(meaning.calls) == 8
    assert grammar.understand(f"{several} {'x ' * LONGEST_COMMAND}") is None


def test_of_many_parameters_those_that_are_needed_come_first() -> None:
    optional = {f"p{n}": {"enum": [f"value {n}"]} for n in range(20)}
    parameters = {"properties": {**optional, "room": {"enum": ["hall"]}}, "required": ["room"]}
    (sentence,) = plugin_templates.own({"type": "function", "name": "mix", "parameters": parameters})
    meaning = Grammar([{"type": "function", "name": "mix", "parameters": parameters}]).understand("mix hall")
    assert meaning is not None
    assert meaning.calls[0].arguments == {"room": "hall"}
    assert sentence.pattern.count("<") == plugin_templates.MOST_PHRASES
