"""What is said to anybody: greetings, answers, corrections; none of it needs a tool."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from daemon.brain.nlu.entities import ToolEntities
from daemon.brain.nlu.intents import PRONOUNS, Kind, Meaning, OfferedTool, Sentence, Slots, choices
from daemon.brain.nlu.template_syntax import one_of, plain

CORRECTING: Final = re.compile(r"(?:no |sorry |actually |i (?:meant|mean|said) )+")
"""How a command begins that takes the place of the one before."""

POLITE: Final = re.compile(r"\b(?:please|thanks|thank you|okay|hey|just|now)\b ?")
"""Words without weight in a correction."""

MOST_NAMES: Final = 200
"""Of devices and topics that can be named alone."""


LISTENED_FOR: Final[tuple[Kind, ...]] = (
    "yes",
    "no",
    "greeting",
    "thanks",
    "identity",
    "repeat",
    "help",
)
"""Each kind more that is listened for can be mistaken for a command."""


def always(meaning: Meaning) -> Callable[[Slots], Meaning]:
    """The same meaning whatever the words of the slots."""
    return lambda _said: meaning


def _plain(kind: Kind, spoken: str, written: str) -> tuple[Sentence, Sentence]:
    meaning = always(Meaning(kind, readback=kind))
    return Sentence(spoken, meaning, kind in LISTENED_FOR), Sentence(written, meaning, spoken=False)


ABOUT: Final = (
    Sentence("what can ( you | !i ) do", always(Meaning("help"))),
    Sentence("help [ me ] | what can i ( say | do )", always(Meaning("help")), spoken=False),
    *_plain(
        "greeting",
        "hello | good morning | good evening",
        "hi [ there ] | hiya | hey [ there ] | hello there | good ( day | afternoon ) | good morning to you "
        "| [ hi | hello | hey | good ( morning | evening ) ] how ( are you [ today | doing ] | is it going )",
    ),
    *_plain(
        "thanks",
        "thank you",
        "thanks [ a lot | so much | very much ] | thank you ( very much | so much | a lot | kindly ) [ dear ]"
        " | many thanks | cheers | ta [ very much ] | well done | good job "
        "| ( great | perfect | good | nice | wonderful | lovely ) [ thanks | thank you ]",
    ),
    *_plain(
        "identity",
        "who are you",
        "what are you | ( what is | whats ) your name | what are you called | who am i talking to "
        "| are you a ( person | human | robot | machine | computer )",
    ),
    *_plain(
        "repeat",
        "repeat that | say that again",
        "( repeat | say ) ( it | that ) [ again ] | what did you [ just ] say | ( pardon | sorry ) [ me ] "
        "| [ sorry ] i ( didnt | did not ) ( hear | catch | get ) ( that | you ) | [ sorry ] what was that "
        "| come again | sorry what",
    ),
    *_plain(
        "again", "do that again", "again | once more | one more time | ( do it | the same ) again | the same"
    ),
)
ANSWERS: Final = (
    # Spoken, "do it" and "don't" sound alike: neither is taken, so that neither is taken for the other.
    *_plain(
        "yes",
        "yes [ please ] | yeah | okay | sure | correct | go ahead | !do it | !dont",
        "yep | ok | right | do it",
    ),
    *_plain("no", "no [ thank you | thanks ] | cancel | never mind | wrong", "nope | dont"),
)


def topics(names: Collection[str]) -> Iterator[Sentence]:
    """Help on one topic: what can I say about the fan."""

    def meaning(said: Slots) -> Meaning:
        return Meaning("help", about=(said["topic"],))

    if names:
        about = f"the <topic {' | '.join(list(names)[:MOST_NAMES])} >"
        yield Sentence(f"what can i say about {about}", meaning, "help" in LISTENED_FOR)
        yield Sentence(
            f"what can ( i | you ) ( say | ask | do ) ( about | with | to | for ) {about}", meaning, False
        )
        yield Sentence(
            f"( help [ me ] with | how do i ( use | control ) | tell me about ) {about}", meaning, False
        )
        yield Sentence(f"what can {about} do", meaning, False)


def follow_ups(tools: Sequence[OfferedTool]) -> Iterator[Sentence]:
    """What changes the command before it: no, the fan; the other one."""
    names = dict.fromkeys(name for tool in tools for name in choices(tool, "device"))
    devices = ToolEntities([*list(names)[:MOST_NAMES], *PRONOUNS])

    def instead(said: Slots) -> Meaning:
        return Meaning("instead", about=tuple(devices.find(said["devices"])), sure=len(said) > 1)

    if names:
        alone = one_of(["other one", *(plain(name) for name in list(names)[:MOST_NAMES])])
        yield Sentence(f"[ <no no > ] <devices the {alone} >", instead)
        meant = "( meant | mean | said | want | wanted )"
        no = "no | sorry | actually | rather"
        wrong = f"not ( that one | the {one_of(devices.values)} ) [ but ]"
        same = f"i {meant} | make [ it | that ] | and | also"
        before = f"[ <no {no} > ] [ <same {same} | {wrong} | [ do ] the same ( for | with | to ) > ]"
        after = f"[ <after instead | too | as well | also | i {meant} > ]"
        yield Sentence(f"{before} {devices.some} {after}", instead, spoken=False)
