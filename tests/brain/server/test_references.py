"""Pronouns, `again` and corrections: what a conversation has named lately is meant, or it is asked."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.nlu.grammar import Grammar, Intent
from daemon.brain.server.dialogue import (
    ALL_RIGHT,
    NOTHING_SAID,
    REFUSED,
    WHICH,
    YES_TO_WHAT,
    Act,
    Decision,
    Dialogue,
    Say,
)
from daemon.brain.server.references import RECENT_S
from tests.brain.home import OUTPUTS, home, tool
from tests.brain.talk import asynchronous, calls, talking, words

HOME = Grammar([*home(), tool("feed_cat"), tool("lift", device={"type": "integer", "maximum": 3})])


class Conversation:
    """One dialogue, a sentence every five seconds."""

    def __init__(self, grammar: Grammar = HOME) -> None:
        self.dialogue, self.grammar, self.now_s = Dialogue(), grammar, 0.0

    def write(self, text: str) -> Decision:
        """What is answered to this text."""
        self.now_s += 5.0
        meaning = self.grammar.read(text, self.dialogue.pending is not None)
        sure = meaning is not None and (meaning.sure or meaning.kind == "instead")
        recognition = Recognition(text, meaning, "sure" if sure else "ask" if meaning else "refuse")
        return self.dialogue.answer(recognition, self.grammar, now_s=self.now_s)

    def last(self, *texts: str) -> str:
        """What the last of these texts comes to: the calls that are made, or what is said."""
        return [told(self.write(text)) for text in texts][-1]


def told(decision: Decision) -> str:
    match decision:
        case Say(text):
            return text
        case Act(made):
            return "; ".join(" ".join([call.name, *map(str, call.arguments.values())]) for call in made)


@pytest.mark.parametrize(
    ("texts", "outcome"),
    [
        (["turn on the lamp", "turn it off"], "set_device lamp off"),
        (["turn on the lamp", "make that a bit brighter"], "change_level lamp up 10"),
        (["is the lamp on?", "what time is it", "turn it on please"], "set_device lamp on"),
        (["what is the temperature", "turn on the fan", "is it on?"], "read_device fan"),
        (["turn on the lamp and the fan", "turn them off"], "set_device lamp off; set_device fan off"),
        (["turn on the lamp and the kitchen light", "make it blue"], "set_colour kitchen light blue"),
        (["turn on the lamp and set it to fifty percent"], "set_device lamp on; set_level lamp 50"),
        (["lamp on", "turn on the fan and then turn it off"], "set_device fan on; set_device fan off"),
        (["blink the lamp twice", "again"], "blink_device lamp 2"),
        (["lamp brighter", "lamp brighter", "do that again"], "change_level lamp up"),
        (["turn on the lamp", "no, the fan"], "set_device fan on"),
        (["turn on the lamp", "I meant the heater"], "set_device heater on"),
        (["set the lamp to 30 percent", "not the lamp, the fan"], "set_level fan 30"),
        (["turn on the lamp", "not that one, the fan"], "set_device fan on"),
        (["set the lamp to fifty percent", "no, sixty percent"], "set_level lamp 60"),
        (["set the lamp to fifty percent", "I meant to thirty"], "set_level lamp 30"),
        (["make the kitchen light red", "no, blue"], "set_colour kitchen light blue"),
        (["turn on the lamp", "sorry, off"], "set_device lamp off"),
        (["turn on the lamp and the fan", "switch both off"], "set_device lamp off; set_device fan off"),
        (["turn on the lamp", "the fan too"], "set_device fan on"),
        (["turn on the lamp", "and the fan and the heater"], "set_device fan on; set_device heater on"),
        (["turn on the lamp", "turn on the fan", "no, the other one"], "set_device lamp on"),
        (["turn on the lamp", "is the fan on", "turn off the other one"], "set_device lamp off"),
        (["turn on the lamp", "no, turn off the fan"], "set_device fan off"),
        (["what is the temperature", "no, the distance"], "read_device distance"),
    ],
)
def test_what_was_named_lately_is_meant(texts: list[str], outcome: str) -> None:
    assert Conversation().last(*texts) == outcome


@pytest.mark.parametrize(
    ("texts", "question"),
    [
        (["turn it off"], WHICH),
        (["what time is it", "make it brighter"], WHICH),
        (["turn on the lamp and the fan", "turn it off"], WHICH),
        (["turn on the lamp", "turn them off"], WHICH),
        (["turn on the lamp", "make it blue"], WHICH),
        (["is the door open", "turn it off"], WHICH),
        (["turn on the red light", "no, the other one"], WHICH),
        (["lamp on", "fan on", "heater on", "no, the other one"], WHICH),
        (["turn off the other one"], WHICH),
        (["turn on the lamp", "the fan"], "The fan, on?"),
        (["feed the cat", "again"], "Feed cat?"),
        (["forget the conversation", "once more"], "Forget the conversation?"),
    ],
)
def test_what_is_not_certain_is_asked(texts: list[str], question: str) -> None:
    assert Conversation().last(*texts) == question


@pytest.mark.parametrize(
    "texts",
    [
        ["no, the fan"],
        ["the other one"],
        ["no, turn on the fan"],
        ["no, sixty percent"],
        ["turn on the lamp", "no, at seven"],
        ["turn on the lamp", "no, not off"],
        ["turn on the lamp", "no, the door"],
        ["turn on the lamp and read the door", "no, the fan"],
        ["what time is it", "the fan too"],
        ["hello", "no, the fan"],
    ],
)
def test_what_refers_to_nothing_is_refused(texts: list[str]) -> None:
    assert Conversation().last(*texts).startswith(REFUSED.partition("{")[0])


def test_the_other_of_two_of_a_kind_is_asked_for_where_it_was_never_named() -> None:
    two = Conversation(Grammar(home(["red light", "green light", "fan"], rgb=(), sensors=())))
    assert two.last("turn on the red light", "no, the other one") == "The green light, on?"
    assert two.last("yes") == "set_device green light on"


def test_a_question_is_answered_by_a_name_and_then_done() -> None:
    for answer in ("the lamp", "lamp please", "no, the lamp", "I meant the lamp"):
        assert Conversation().last("turn it off", answer) == "set_device lamp off"
    assert Conversation().last("turn it off", "yes") == WHICH
    assert Conversation().last("turn it off", "no") == ALL_RIGHT


def test_a_question_of_long_ago_is_no_question_any_more() -> None:
    talk = Conversation()
    assert talk.last("turn on the lamp", "the fan") == "The fan, on?"
    talk.now_s += RECENT_S
    assert talk.last("yes") == YES_TO_WHAT


def test_what_was_declined_is_not_done_again_without_asking() -> None:
    two = Conversation(Grammar(home(["red light", "green light"], rgb=(), sensors=())))
    assert two.last("turn on the red light", "no, the other one", "no", "again") == "The green light, on?"


def test_a_device_that_was_named_long_ago_is_not_meant() -> None:
    for later in ("turn it off", "no, the other one"):
        talk = Conversation()
        talk.write("turn on the lamp")
        talk.now_s += RECENT_S
        assert not isinstance(talk.write(later), Act)
    talk = Conversation()
    texts = ["turn on the lamp", *["what time is it"] * 4, "turn it off"]
    assert talk.last(*texts) == WHICH


def test_what_was_asked_back_was_named_too() -> None:
    talk = Conversation()
    lamp = HOME.understand("turn on the lamp")
    asked = talk.dialogue.answer(Recognition("turn on the lamp", lamp, "ask"), HOME, now_s=1.0)
    assert told(asked) == "The lamp, on?"
    assert talk.last("no, the fan") == "set_device fan on"


SAID = (
    *("turn on the lamp", "fan off", "turn on the fan and the heater", "is the kitchen light on"),
    *("set the lamp to fifty percent", "make the kitchen light blue", "what time is it", "hello"),
    *("turn it off", "make it brighter", "turn them on", "turn the other one off", "is it on"),
    *("no, the fan", "the lamp", "no, the other one", "the other one", "and the heater too"),
    *("again", "yes", "no", "no, blue", "no, off", "brighter", "turn on the fan and make it faster"),
)


@given(st.lists(st.tuples(st.sampled_from(SAID), st.sampled_from([0.0, 30.0, RECENT_S])), max_size=12))
@example([("turn on the lamp", 0.0), ("the fan", 0.0), ("yes", RECENT_S)])
def test_no_device_is_set_that_was_not_named_within_the_last_minutes(said: list[tuple[str, float]]) -> None:
    talk = Conversation()
    named: dict[str, float] = {}
    for text, pause_s in said:
        talk.now_s += pause_s
        decision = talk.write(text)
        named |= {name: talk.now_s for name in OUTPUTS if name in text}
        for call in decision.calls if isinstance(decision, Act) else ():
            device = call.arguments.get("device", "lamp")
            assert device in named or "device" not in call.arguments
            if "device" in call.arguments:
                # Each command that refers to it names it again.
                assert talk.now_s - named[device] <= RECENT_S
                named[device] = talk.now_s


def test_a_parameter_that_is_called_device_and_names_none_is_left_alone() -> None:
    assert Conversation().last("lift two") == "lift 2"
    assert Conversation().last("lift two", "turn it off") == WHICH


def test_the_last_answer_is_said_again_and_no_refusal() -> None:
    talk = Conversation()
    assert talk.last("repeat that") == NOTHING_SAID
    helped = talk.last("what can you do")
    assert talk.last("who won the race", "say that again") == helped
    assert talk.last("again") == helped


def test_a_question_that_is_said_again_still_waits() -> None:
    talk = Conversation()
    assert talk.last("turn it off", "what did you say", "the lamp") == "set_device lamp off"


@asynchronous
async def test_each_session_has_its_own_and_what_is_asked_beside_it_leaves_no_trace() -> None:
    async with talking() as talk, talking() as other:
        talk.configure()
        other.configure()
        await talk.type("turn on the lamp")
        content = [{"type": "input_text", "text": "turn on the fan"}]
        beside = {"type": "message", "role": "user", "content": content}
        await talk.answer(conversation="none", input=[beside])
        assert words(await other.type("turn it off")) == WHICH
        assert calls(await talk.type("turn it off")) == [("set_device", {"device": "lamp", "state": "off"})]


@asynchronous
async def test_what_a_tool_has_answered_is_said_again_though_it_was_cut_short() -> None:
    async with talking() as talk:
        talk.configure()
        said = await talk.tell(await talk.type("what time is it"), "It is 14:05.")
        spoken = [event for event in talk.events if event["type"] == "response.output_audio.delta"]
        item_id = spoken[-1]["item_id"]
        talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=10)
        assert words(await talk.type("repeat that")) == said == "It is 14:05."


def test_a_pronoun_never_leaves_the_brain() -> None:
    pointing = HOME.read("turn it off")
    assert pointing is not None
    assert pointing.calls == (Intent("set_device", {"device": "it", "state": "off"}),)
    assert HOME.understand("turn it off") == pointing
    assert not isinstance(Conversation().write("turn it off"), Act)
