"""The table of phrasings that the phrase parser reads: for each tool, how people ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Phrasing:
    """Patterns over words and symbols, and what they mean: a tool's name, or help, yes, no."""

    means: str
    patterns: tuple[str, ...]
    fixed: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))


BEFORE: Final = (
    "please | hey | okay | just | now | then | i think | go ahead and | be so kind as to "
    "| do me a favour and | to "
    "| ( could | can | would | will ) you [ please ] [ be a dear and | mind | just ] "
    "| ( i | we ) ( want | need | would like | would love | would prefer ) [ you to ] "
    "| ( id | wed ) ( like | love | prefer ) [ you to ] "
    "| ( can | could | may ) ( i | we ) [ please ] have | lets [ have ] | let us [ have ] | give me "
    "| you ( can | may ) [ now ]"
)
AFTER: Final = (
    "please | now | right now | right away | at once | immediately | quick | for me | for us | thanks "
    "| thank you | dear | love | again | for now | at the moment | ( would | will ) you [ please | mind ] "
    "| if you dont mind | in here | in the room"
)

SPELLED: Final[Mapping[str, tuple[str, tuple[int, ...]]]] = {
    **dict.fromkeys(("the", "my", "our", "please", "just", "only", "now"), ("", ())),
    "half a minute": ("@n seconds", (30,)),
    **dict.fromkeys(("a minute", "one minute"), ("@n seconds", (60,))),
    "a quarter": ("@n percent", (25,)),
    **dict.fromkeys(("half", "half way", "halfway"), ("@n percent", (50,))),
    "three quarters": ("@n percent", (75,)),
    **dict.fromkeys(("full", "full power", "full speed", "full blast", "flat out"), ("@n percent", (100,))),
    **dict.fromkeys(("maximum", "the maximum", "max", "the max", "all the way up"), ("@n percent", (100,))),
    **dict.fromkeys(("once", "one time"), ("@n times", (1,))),
    "twice": ("@n times", (2,)),
    "turning": ("turn", ()),
    "switching": ("switch", ()),
}
"""Phrases and what they become: symbols, with a value if they have one; nothing, if they have no weight."""

EVERY_LIGHT: Final = (
    "lights",
    "the lights",
    "all lights",
    "all the lights",
    "all of the lights",
    "every light",
)
EVERYTHING: Final = ("everything", "all devices", "all the devices", "all of the devices")
NICKNAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "temperature": (
        *("how warm is it", "how hot is it", "how cold is it", "how many degrees is it", "room temperature"),
        *("how warm it is", "how hot it is", "how cold it is", "how many degrees do we have"),
        *("is it warm", "is it hot", "is it cold"),
    ),
    "motion": (
        "movement",
        "is something moving",
        "is anything moving",
        "is anyone moving",
        "is anybody moving",
    ),
    "distance": ("how far is it", "how far away is it", "how far it is"),
}
"""What is said for the one sensor whose name ends so."""

_DEVICES: Final = "( @all | @d ( and [ also ] @d )* | both @d and @d )"
_NUMBER: Final = "( @n | @h )"
_SENSORS: Final = "( @s | @m | @e )"
_ASK: Final = (
    "( check | see | look | tell me | do you know | can you see | i want to know | could you tell me ) "
    "( if | whether | that )"
)
_OPEN: Final = "( open | closed | shut )"
_SHOW: Final = (
    "( read | check | what is | what about | how is | hows | have a look at | tell me ) "
    "[ state of | status of | current ]"
)
_ON: Final = "( turn | switch | put | get | have | power | pop | bring | kick | flick | make )"
_OFF: Final = "( turn | switch | put | get | have | power | shut | take | make | cut )"
_SCALE: Final = (
    "( set | put | turn | bring | take | dim | lower | raise | reduce | increase | change | adjust | make "
    "| run | crank | speed | slow | have )"
)
_SCALED: Final = f"[ brightness of | speed of ] {_DEVICES} [ brightness | speed ]"
_SAY: Final = "( speak | talk | be | make it )"
_SOME: Final = "[ a bit | a little | a touch | a tiny bit ]"


def _state(state: str, *patterns: str) -> Phrasing:
    return Phrasing("set_device", patterns, {"state": state})


PHRASINGS: Final = (
    _state(
        "on",
        f"{_ON} [ back ] on {_DEVICES}",
        f"[ {_ON} ] {_DEVICES} [ back | turned | switched | to be | to go | to be turned ] on",
        f"( start | start up | run | activate | enable | fire up | power up ) {_DEVICES} [ up ]",
        f"( get | set | have | let ) {_DEVICES} ( going | running | started | run )",
        f"make {_DEVICES} ( run | go | go on )",
        f"make sure {_DEVICES} ( is | are ) on",
        f"{_DEVICES} ( should | must | needs to | can ) ( be | go ) on",
        f"( can | could ) {_DEVICES} ( be | go | be turned | be switched ) on",
        "( light | light up ) @d",
    ),
    _state(
        "off",
        f"{_OFF} [ back ] off {_DEVICES}",
        f"[ {_OFF} ] {_DEVICES} [ back | turned | switched | to be | to go | to be turned ] off",
        f"( stop | kill | halt | cut | extinguish | deactivate | disable ) {_DEVICES}",
        f"( shut down | power down | put out ) {_DEVICES}",
        f"( shut | power ) {_DEVICES} down",
        f"[ put ] {_DEVICES} out",
        f"( make | let ) {_DEVICES} ( stop | go out | go off )",
        f"make sure {_DEVICES} ( is | are ) off",
        f"{_DEVICES} ( should | must | needs to | can | may ) ( be off | go off | stop )",
        f"( can | could ) {_DEVICES} ( be | go | be turned | be switched ) off",
        f"( i | we ) ( dont | do not ) need {_DEVICES} ( any longer | any more | anymore )",
        f"( i | we ) no longer need {_DEVICES}",
        f"no need for {_DEVICES} ( any longer | any more | anymore )",
        f"{_DEVICES} is not needed ( any longer | any more | anymore )",
        f"no more {_DEVICES}",
    ),
    _state("toggle", f"( toggle | flip ) {_DEVICES} [ over ]", f"switch {_DEVICES} over"),
    Phrasing(
        "set_level",
        (
            f"[ {_SCALE} ] {_SCALED} [ on ] [ up | down ] [ to | at | on ] {_NUMBER} percent [ bright ]",
            f"[ {_SCALE} ] {_SCALED} [ to | at | on ] @n",
            f"[ {_SCALE} ] {_DEVICES} ( up | down ) to {_NUMBER}",
            f"[ {_SCALE} ] {_DEVICES} [ to ] {_NUMBER}",
            f"{_NUMBER} percent [ brightness | power | speed | heat ] ( on | for ) {_DEVICES}",
            f"( let | have ) {_DEVICES} run at {_NUMBER} percent",
            f"( can | could ) {_DEVICES} ( be | go | run ) [ at | to ] {_NUMBER} percent",
        ),
    ),
    Phrasing(
        "set_colour",
        (
            "[ make | turn | set | change | paint | colour | have | put | switch ] [ colour of ] @d "
            "[ colour ] [ to | in | to be | on | back to | all ] @c",
            "( let | have | make ) @d ( shine | glow | be ) @c",
            "( can | could ) @d be [ in ] @c",
            "@d should be @c",
        ),
    ),
    Phrasing(
        "blink_device",
        (
            f"( blink | flash | wink ) @d {_NUMBER} times",
            f"[ make | let | have | get ] @d [ to ] ( blink | flash ) {_NUMBER} times",
            f"( can | could ) @d ( blink | flash ) {_NUMBER} times",
            f"( blink | flash | wink ) [ with ] @d {_NUMBER} times",
            f"( blink | flash | wink ) {_NUMBER} times with @d",
            f"{_NUMBER} ( blinks | flashes ) ( of | on | with ) @d",
        ),
    ),
    Phrasing(
        "pulse_device",
        (
            f"[ turn | switch | put | have | get ] on @d for {_NUMBER} ( seconds | second )",
            f"[ turn | switch | put | have | get | run | start | pulse | let ] @d [ on | run ] for {_NUMBER} "
            "( seconds | second )",
            f"[ run | have ] @d [ on ] {_NUMBER} ( seconds | second )",
            f"{_NUMBER} ( seconds | second ) of @d",
        ),
    ),
    Phrasing(
        "read_device",
        (
            "( is | are ) @d [ still ] ( on | off | running | going | burning | heating ) [ or off ] [ yet ]",
            f"( is | has ) @s [ still | been ] {_OPEN} [ or {_OPEN} ] [ yet ]",
            f"@s [ still ] {_OPEN} [ or {_OPEN} ]",
            f"@s is it {_OPEN}",
            f"{_ASK} @d is [ still ] ( on | off | running | going )",
            f"{_ASK} @s is [ still ] {_OPEN}",
            f"{_SHOW} ( @d | {_SENSORS} [ sensor ] ) [ reading ]",
            "( state | status ) of ( @d | @s )",
            "( show me | give me | do you know | i would like to know | i want to know | may i know ) @m",
            f"what does {_SENSORS} [ sensor ] say",
            "( did | have ) ( i | we ) ( leave | left ) ( @d on | @s open )",
            "( did | have ) ( i | we ) ( close | closed | shut ) @s",
            "did ( i | we ) ( turn | switch ) ( off @d | @d off )",
            "@m | tell me @m | what @m ( is it | do we have ) | @m sensor",
            "is there [ any ] @e | any @e | [ tell me ] @e | @e sensor | check for @e",
            "( do | can ) you ( see | detect ) [ any ] @e",
            "has there been [ any ] @e",
            "( measure | how ( big | much ) is ) @m",
            "how ( bright | fast ) is @d | what is @d ( at | set to ) | @d ( on or off | still on )",
            "( what | which ) colour is @d",
        ),
    ),
    Phrasing(
        "current_time",
        (
            "what ( time | hour ) is it | what is ( time | hour ) | time | current time",
            "( tell me | give me | say | do you have | have you got | id like to know ) time",
            "what time do we have",
            "( tell me | do you know ) what ( time | day | date ) it is | how late is it",
            "( what | which ) ( day | date | month | year ) is it [ today ] | what is date [ today ] | date",
            "tell me date | todays date | what is todays date | what day of week is it",
        ),
    ),
    Phrasing(
        "set_volume",
        (
            "[ set | put | turn | make | change | bring ] [ your ] volume [ up | down ] [ to | at ] "
            f"{_NUMBER} [ percent ]",
            f"{_NUMBER} percent volume",
            f"speak at {_NUMBER} percent",
        ),
    ),
    Phrasing(
        "change_volume",
        (
            f"[ {_SAY} ] {_SOME} louder | speak up | [ turn ] volume [ {_SOME} ] ( up | higher ) {_SOME}",
            "( turn up | raise | increase ) volume | more volume | [ you are | thats | its ] too quiet",
            "i can ( hardly | not ) hear you | i cant hear you",
        ),
        {"direction": "up"},
    ),
    Phrasing(
        "change_volume",
        (
            f"[ {_SAY} ] {_SOME} ( quieter | softer | more quietly ) | less volume",
            f"[ turn ] volume ( down | lower ) {_SOME}",
            f"( turn down | lower | reduce | decrease ) volume {_SOME}",
            "[ you are | thats | its ] too loud | not so loud | lower your voice",
        ),
        {"direction": "down"},
    ),
    Phrasing(
        "list_devices",
        (
            "( list | name | show me | tell me ) [ all ] devices | which devices ( are there | do we have )",
            "[ read me | give me a ] list of [ all ] devices | what ( is | things are ) connected [ to you ]",
            "what can i ( control | switch ) | what is there to switch | which things can you switch",
        ),
    ),
    Phrasing(
        "stop_conversation",
        (
            "[ be ] quiet | silence | hush | shut up | bye [ bye | for now ] | see you later | good night",
            "thats all | that will be all | that was it | we are ( done | finished ) | im done | enough",
            "end the conversation",
        ),
    ),
    Phrasing(
        "forget_conversation",
        (
            "forget ( it all | all of that | ( all | what ) we talked about ) | start ( over | afresh )",
            "( erase | delete | clear | wipe ) conversation | delete everything i said",
        ),
    ),
    Phrasing(
        "help",
        (
            "what can ( you do for me | i say to you | i ask ) | what are you able to do | what are options",
            "how does this work | how do i ( use | talk to ) you | ( tell | show ) me what you can do",
            "( what | which ) commands ( are there | do you know ) | what do you ( know | understand )",
            "what should i say | give me some help",
            "i need help | help",
        ),
    ),
    Phrasing(
        "yes",
        (
            "do that | sure thing | go ahead | yes [ do it | go ahead ] | do so | of course | thats right "
            "| exactly | absolutely | sounds good | yup",
        ),
    ),
    Phrasing(
        "no",
        ("no dont | dont do it | thats wrong | leave it | not now | better not | no way | nah | rather not",),
    ),
)
