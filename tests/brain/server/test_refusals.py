"""Who was not understood hears what would have worked, in less than two seconds."""

from __future__ import annotations

import pytest

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.engine_registry import SYNTHESIZER, open_synthesizer
from daemon.brain.nlu.grammar import Grammar
from daemon.brain.server import dialogue
from daemon.brain.server.dialogue import Dialogue, Say
from daemon.brain.tts.synthesizer import Synthesizer
from daemon.realtime.events import RATE_HZ
from tests.brain.home import UNUSUAL, home, tool

HOME = Grammar([*home(), tool("feed_cat")])
NOT_UNDERSTOOD = [
    "turn on the television",
    "make the kitchen light turquoise",
    "please open the window",
    "what is the humidity",
    "set the fan to two hundred percent",
    "is the lamp open",
    "feed the dog",
    "who won the race",
]
TWO_SECONDS = 2 * RATE_HZ


def refusals(grammar: Grammar, *texts: str) -> list[str]:
    """What one conversation answers to them, one after the other."""
    talk = Dialogue()
    answers = [talk.answer(Recognition(text, None, "refuse"), grammar) for text in texts]
    return [answer.text for answer in answers if isinstance(answer, Say)]


@pytest.fixture(scope="module")
def voice() -> Synthesizer:
    return open_synthesizer(SYNTHESIZER)


def test_each_refusal_names_another_sentence_and_one_that_does_not_help_is_not_named_twice() -> None:
    first, second, third, fourth = refusals(
        HOME, "open the door", "open the door", "heater up", "open the door"
    )
    assert first == fourth == 'Try "is the door open".'
    assert second == dialogue.REFUSED_AGAIN
    assert third == 'Try "turn on the heater".'


def test_where_there_is_nothing_to_say_it_is_said() -> None:
    assert refusals(Grammar([]), "open the door") == [dialogue.UNKNOWN]


@pytest.mark.parametrize("text", NOT_UNDERSTOOD)
def test_it_takes_less_than_two_seconds_and_what_it_names_is_understood(
    text: str, voice: Synthesizer
) -> None:
    (refusal,) = refusals(HOME, text)
    assert HOME.understand(refusal.split('"')[1]) is not None
    assert len(voice.speak(refusal, 1.0)) < TWO_SECONDS


def test_the_second_refusal_is_as_short_and_long_names_make_one_hardly_longer(voice: Synthesizer) -> None:
    for refusal in (dialogue.REFUSED_AGAIN, dialogue.UNKNOWN):
        assert len(voice.speak(refusal, 1.0)) < TWO_SECONDS
    grammar = Grammar(home(UNUSUAL, rgb=(), sensors=()))
    for refusal in {refusals(grammar, f"turn the {name} into gold")[0] for name in UNUSUAL}:
        assert len(voice.speak(refusal, 1.0)) < 1.05 * TWO_SECONDS
