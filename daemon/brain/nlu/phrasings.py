"""The table of phrasings that the phrase parser reads: of what classes of words an order is made.

A row names what a clause must have and what it may have, in any order; nothing else may be in it. The classes
are those of `word_classes`, and the symbols of `phrase_parser`: `@d` outputs, `@s` contacts, `@m` measures,
`@e` events, `@c` a colour, `@n` a number, `@h` one that may be an hour, `@percent`, `@seconds`, `@times`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Phrasing:
    """What is meant (a tool's name, or help, yes, no) by a clause with one word of each group in `needs`."""

    means: str
    needs: tuple[frozenset[str], ...]
    allowed: frozenset[str]
    fixed: Mapping[str, str | int]
    sure: bool = True


NICKNAMES: Final[Mapping[str, str]] = {
    "temperature": (
        "how ( warm | hot | cold | cool ) ( is it | it is | is room | are we | is it in here ) | is it "
        "[ very | too | really ] ( warm | hot | cold ) | [ how ] many degrees ( is it | it is | do we have "
        "| are there | have we got ) | room temperature | temp | thermometer"
    ),
    "motion": (
        "movement | is ( something | anything | anyone | anybody | somebody ) moving [ around | about ] "
        "| ( anybody | anyone ) ( there | here | around | in here ) | ( did | does ) ( anything | anybody "
        "| anyone | somebody | someone ) move | is [ there ] ( anybody | anyone | somebody | someone ) "
        "[ there | here | around | in here | in room ]"
    ),
    "distance": "how ( far [ away ] | close ) [ is it | it is | am i ]",
}
"""What is said for the one sensor whose name ends so."""

ABOUT: Final[Mapping[str, str]] = {
    "list_devices": (
        "( list | name | show [ me ] | tell me | read me ) [ all ] ( devices | gadgets ) | ( what | which "
        ") ( devices | things | gadgets ) ( are there | are connected | do we have | do you have | have "
        "we got | have you got | do you know | can you ( see | switch | control ) ) | [ read me | give me "
        "] list of [ all ] devices | what ( is | things are ) connected [ to you ] | what [ else ] can "
        "( i | you | we ) ( control | switch ) | what is there to switch | what is [ switched | turned ] on "
        "| list everything [ you control ] | which ( things | devices ) are ( on | off ) | ( [ what is ] "
        "( status | state ) of | how is ) everything [ set ] | what have you got"
    ),
    "stop_conversation": (
        "silence | hush | shush | shut up | bye [ bye ] | ciao | exit | goodnight | that is enough [ for "
        "today ] | see you [ later | soon | tomorrow ] | good night | that is ( all | it | everything ) "
        "| that will be all | that was it | i am off | leave me alone | ( i am | we are ) ( done | finished "
        ") | end conversation | be silent | go away | talk to you later"
    ),
    "forget_conversation": (
        "new conversation | forget ( that | it all | all of that | [ all | what ] we ( talked about "
        "| said | discussed ) | whole conversation ) | start ( over | afresh | again | anew | from scratch "
        ") | delete everything i said | ( erase | delete | clear | wipe | reset ) ( conversation "
        "| everything | it all | memory )"
    ),
    "help": (
        "what [ else ] can ( you do | i say | i ask | i tell you ) [ to you ] | what are ( you able to "
        "( do | help me with ) | options | possibilities | you good for | your commands | commands ) | how "
        "( does this | do you ) work | how do i ( use | talk to ) you | what [ sort of | kind of ] things "
        "can i ( ask | say ) [ you ] | what commands you ( know | understand ) | what you can do | give "
        "me [ some ] help | ( what | which ) commands ( are there | do you know ) | what do you ( know "
        "| understand ) | what ( should | do ) i say | how can you help [ me ] | show me commands | i need "
        "[ some ] help | help [ me out ] | give me an example"
    ),
    "yes": (
        "yes [ indeed ] | yeah | yep | yup | do that | sure [ thing | why not ] | go ahead | go on then "
        "| do it | do so | of course | that is ( right | fine | correct ) | exactly | absolutely "
        "| certainly | definitely | sounds good | go for it | fine | why not | by all means"
    ),
    "no": (
        "no | nope | do not [ do ( it | that ) | bother ] | please not | not really | that is wrong "
        "| leave it | not ( now | that | that one ) | better not | no way | nah | rather not | cancel "
        "| never mind"
    ),
}
"""What is meant by a phrase as a whole."""

_ORDER: Final = "@move @be to it go of power"
_LEVEL: Final = f"{_ORDER} @quantity @go @bright run on at for @about"
_STEP: Final = f"{_ORDER} @quantity @go run @bit @much @scale light shine spin from air on"
_READ: Final = (
    "@ask @tell @wish @sensor what is are been still yet or if whether has like currently current there "
    "any it does do say at for today seen anything detected noticed picked up doing already properly "
    "which @very @left"
)


def _row(means: str, needs: str, may: str = _ORDER, sure: bool = True, **fixed: str | int) -> Phrasing:
    groups = tuple(frozenset(group.split("|")) for group in needs.split())
    always = () if means == "read_device" else ("@wish",)
    return Phrasing(means, groups, frozenset((*may.split(), *always)).union(*groups), fixed, sure)


def _steps(direction: str, step: str, verb: str, too: str) -> Iterator[Phrasing]:
    for by in ("", " by @percent"):
        yield _row("change_level", f"@d {step}{by}", f"{_STEP} {verb}", direction=direction)
        yield _row("change_level", f"@d {verb}{by}", f"{_STEP} {direction} more", direction=direction)
    yield _row("change_level", f"@d is @too {too}", "@bit", direction=direction)


PHRASINGS: Final = (
    _row("change_level", "@d is @lacking", direction="up"),
    _row("set_device", "@d on", f"{_ORDER} @start", state="on"),
    _row("set_device", "@d on with", "", state="on"),
    _row("set_device", "@d off with", "", state="off"),
    _row("set_device", "@d on @ensure", "is are", state="on"),
    _row("set_device", "@d @start", f"{_ORDER} up", state="on"),
    _row("set_device", "@d run", f"{_ORDER} @go", state="on"),
    _row("set_device", "@d @go|@lit @move|@wish|@be", state="on"),
    _row("set_device", "@d go|shine|glow @move", sure=False, state="on"),
    _row("set_device", "@d light", "on", sure=False, state="on"),
    _row("set_device", "@d @wish", "to", sure=False, state="on"),
    _row("set_device", "@d off", f"{_ORDER} shut", state="off"),
    _row("set_device", "@d out", "@move go @be", state="off"),
    _row("set_device", "@d off @ensure", "is are", state="off"),
    _row("set_device", "@d @stop", f"{_ORDER} @go from", state="off"),
    _row("set_device", "@d shut|power down", state="off"),
    _row("set_device", "@d @needless @longer", "on @go", state="off"),
    _row("set_device", "@d @unneeded", "", state="off"),
    _row("set_device", "@d enough", "of with", sure=False, state="off"),
    _row("set_device", "@d @flip", f"{_ORDER} over", state="toggle"),
    _row("set_level", "@d @percent", _LEVEL),
    _row("set_level", "@d @percent @reduce|@raise|@scale|up|down|slow|speed to|at", f"{_LEVEL} up down"),
    _row(
        "set_level", "@d @percent @reduce|@raise|@scale|up|down|slow|speed", f"{_LEVEL} up down", sure=False
    ),
    _row("set_level", "@d @n", _LEVEL),
    _row("set_level", "@d @h", "@move @quantity to run"),
    _row("set_level", "@d @n|@h @reduce|@raise|@scale|up|down|speed|slow to", f"{_ORDER} @quantity up down"),
    _row("set_colour", "@d @c", "@move @be @paint of to it in into on for go some all light shine glow"),
    _row("blink_device", "@d @blink|@blinks @times|@n|@h", f"{_ORDER} with on"),
    _row("blink_device", "@d @blink", f"{_ORDER} with on", times=3),
    _row("pulse_device", "@d @seconds", f"{_ORDER} @start @go run on pulse burst for"),
    *_steps("up", "@brighter|more|up", "@raise", "@feeble|@dark|@cold|@reduce"),
    *_steps("down", "@dimmer|@softer|less|down", "@reduce", "@strong|@bright|@hot|@loud"),
    _row("read_device", "@d @ask|@did", f"{_READ} on off @go @done @c @move @lit @quantity to run"),
    _row("read_device", "@s @ask|@did", f"{_READ} open shut @open"),
    _row("read_device", "@s open|shut|@open", "still or yet"),
    _row("read_device", "@d still on|off|@go"),
    _row("read_device", "@d or on off"),
    _row("read_device", "@e", _READ),
    _row("read_device", "@m", _READ),
    _row("current_time", "@time", "@ask @tell what it is @it_is current"),
    _row("current_time", "@date", "@ask @tell what which it is @it_is today of week @time are we in"),
    _row("set_volume", "@volume @percent|@n", f"{_ORDER} @scale @raise @reduce your on at up down"),
    _row("set_volume", "@volume @h", "@move to your"),
    _row("set_volume", "@volume @h to", "@move your @scale @raise @reduce up down"),
    _row("set_volume", "@speak @percent", "at"),
    _row("change_volume", "@louder", "@move @be @bit @speak @volume it much", direction="up"),
    _row("change_volume", "@volume up|@brighter|@raise|more", "@scale @move @bit your", direction="up"),
    _row("change_volume", "@too quiet", "@that_is @you_are @it_is @bit", direction="up"),
    _row("change_volume", "@quieter|@softer", "@move @be @bit @speak @volume it much", direction="down"),
    _row("change_volume", "@you_are @loud", "@too @very", direction="down"),
    _row("change_volume", "@you_are quiet", "@too @very", direction="up"),
    _row("change_volume", "@speak up", "@bit", direction="up"),
    _row("change_volume", "@speak @reduce", "@bit", direction="down"),
    _row("change_volume", "@volume down|@reduce|less", "@scale @move @bit your", direction="down"),
    _row("change_volume", "@too @loud", "@that_is @you_are @it_is @bit", direction="down"),
    _row("stop_conversation", "enough|quiet", "@be"),
    *(_row(means, f"@{means}", "@tell") for means in ABOUT),
)

INDIRECT: Final = (
    ({"@dark", "@unlit"}, {"light", "lamp"}, "on"),
    ({"@bright"}, {"light", "lamp"}, "off"),
    ({"@cold"}, {"heater", "heating", "radiator"}, "on"),
    ({"@hot"}, {"fan"}, "on"),
)
"""What mends what a reason complains of: devices whose names end so, and their state."""
