"""The owners' tables in deploy/what-it-understands.md are true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from daemon.brain.nlu.grammar import AFTER, BEFORE, Grammar
from daemon.brain.nlu.intent_templates import sentences
from daemon.brain.nlu.template_syntax import compiled, plain
from daemon.brain.server.dialogue import REFUSED
from hardware.devices.kinds.button import Contact
from hardware.devices.kinds.cpu_temperature import CpuTemperature
from hardware.devices.kinds.motion import Motion
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from hardware.devices.kinds.rgb import Rgb
from tests.brain.home import tool
from tests.brain.server.test_references import Conversation
from tests.devices.home import Home

PAGE: Final = Path(__file__).parents[3] / "deploy" / "what-it-understands.md"
MINUTES: Final = {"type": "integer", "minimum": 1, "maximum": 30}
BOX: Final = Home(
    {
        "lamp": Pwm(pin=1),
        "fan": Pwm(pin=2),
        "heater": Relay(pin=3),
        "kitchen_light": Rgb(pins=(4, 5, 6)),
        "door": Contact(pin=7),
        "motion": Motion(pin=8),
        "temperature": CpuTemperature(),
    }
)
TOOLS: Final = [*BOX.box.schemas(), tool("water_plants", minutes=MINUTES)]
GRAMMAR: Final = Grammar(TOOLS)
SPOKEN: Final = [compiled(f"{BEFORE} ( {each.pattern} ) {AFTER}") for each in sentences(TOOLS) if each.spoken]


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the table below this heading, without its head."""
    (section,) = (part for part in PAGE.read_text("utf-8").split("\n## ") if part.startswith(heading))
    table = [line for line in section.splitlines() if line.startswith("| ")]
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in table[2:])


def quoted(cell: str) -> list[str]:
    return re.findall('"(.*?)"', cell)


def called(text: str) -> str:
    """What a sentence calls, or the kind of thing it says."""
    meaning = GRAMMAR.read(text)
    return "" if meaning is None else meaning.calls[0].name if meaning.calls else meaning.kind


@pytest.mark.parametrize("heading", ["Said or written", "Written as well"])
def test_each_sentence_calls_what_its_row_says(heading: str) -> None:
    pairs = [(text, cell.strip("`")) for say, cell in rows(heading) for text in quoted(say)]
    assert [(text, called(text)) for text, _ in pairs] == pairs


def test_what_may_be_said_is_listened_for() -> None:
    said = [text for say, _ in rows("Said or written") for text in quoted(say)]
    assert [text for text in said if not any(each.fullmatch(f"{plain(text)} ") for each in SPOKEN)] == []


def test_every_tool_of_the_home_has_its_row() -> None:
    assert {cell.strip("`") for _, cell in rows("Said or written")} >= {each["name"] for each in TOOLS}


@pytest.mark.parametrize("row", list(rows("After something was said")), ids=lambda row: row[1])
def test_what_points_back_comes_to_what_its_row_says(row: list[str]) -> None:
    first, then, outcome = (cell.strip('"') for cell in row)
    assert Conversation(GRAMMAR).last(first, then).startswith(outcome.replace("`", ""))


def test_what_is_never_acted_on_is_refused_with_a_sentence_that_works() -> None:
    start, end = REFUSED.split("{}")
    for text in (text for _, cell in rows("Never acted on") for text in quoted(cell)):
        refusal = Conversation(GRAMMAR).last(text)
        assert refusal.startswith(start), text
        assert GRAMMAR.understand(refusal.removeprefix(start).removesuffix(end)) is not None


def test_yes_and_no_are_what_the_page_says() -> None:
    text = " ".join(PAGE.read_text("utf-8").split())
    for kind, listed in (("yes", "A yes is (.*?);"), ("no", "a no is (.*?)[.]")):
        (words,) = re.findall(listed, text)
        assert [called(each) for each in quoted(words)] == [kind] * len(quoted(words))
