"""The sentences that can be said to the brain: each tool of the session gives its own.

Spoken sentences are few and plain, as each one added can be mistaken for another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from daemon.brain.nlu.entities import ToolEntities
from daemon.brain.nlu.everyday_templates import ABOUT, always, topics
from daemon.brain.nlu.intents import (
    PRONOUNS,
    Meaning,
    OfferedTool,
    Sentence,
    Slots,
    choices,
    each,
    joined,
    one,
)
from daemon.brain.nlu.plugin_templates import own
from daemon.brain.nlu.template_syntax import count, loosely, numbers, plain, words
from hardware.devices.kind import Action
from hardware.devices.registry import KINDS

PERCENT = f"<percent {numbers(0, 100)} > percent"
_HIGHER = ("brighter", "faster")
_LOWER = ("dimmer", "slower")
MOST_NAMES_BESIDE = 200
"""Of the other devices' names, so many are recognised beside those that a tool takes."""

MEASURES = frozenset(words("humidity pressure brightness level weight speed voltage power"))
EVENTS = frozenset(words("smoke rain leak"))
"""Names of sensors that no kind of ours has words for."""


@dataclass(frozen=True)
class Box:
    """The devices of a session: every name, and the names of those that can be set."""

    names: tuple[str, ...]
    outputs: frozenset[str]


SentenceMaker: TypeAlias = Callable[[OfferedTool, Box], Iterator[Sentence]]


def sentences(tools: Sequence[OfferedTool]) -> Iterator[Sentence]:
    """Every sentence of these tools, then the questions about the brain itself."""
    tools = list({tool["name"]: tool for tool in tools}.values())
    named = [(tool["name"], plain(name)) for tool in tools for name in choices(tool, "device")]
    box = Box(
        names=tuple(dict.fromkeys(name for _, name in named))[:MOST_NAMES_BESIDE],
        outputs=frozenset(name for tool, name in named if tool == "set_device"),
    )
    makers = _makers()
    known: dict[str, None] = {}
    for tool in tools:
        for sentence in makers.get(tool["name"], _own)(tool, box):
            known.update(dict.fromkeys(sentence.topics))
            yield sentence
    yield from ABOUT
    yield from topics(known)


def owners(tools: Sequence[OfferedTool]) -> list[OfferedTool]:
    """Those of the tools that we know nothing about but what they say themselves."""
    return [tool for tool in tools if tool["name"] not in _makers()]


def _makers() -> dict[str, SentenceMaker]:
    actions = {action.tool: partial(_acting, action) for kind in KINDS.outputs() for action in kind.actions}
    return {**actions, **_BUILT_IN}


def _switching(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    devices = ToolEntities(choices(tool, "device"), box.names)
    every = "<every everything | all [ of ] [ the ] lights | [ all ] the lights >"
    lights = devices.lights()

    def switch(said: Slots) -> Meaning:
        state = said.get("state", "toggle")
        found = devices.find(said["devices"])
        return each(f"{joined(found)}, {state}", "set_device", found, state=state)

    def switch_it(said: Slots) -> Meaning:
        return each(f"the it, {said['state']}", "set_device", PRONOUNS[:1], state=said["state"])

    def switch_every(said: Slots) -> Meaning:
        everything = said["every"] == "everything" or not lights
        found = list(devices.values.values()) if everything else lights
        readback = "everything" if everything else "all lights"
        return each(f"{readback}, {said['state']}", "set_device", found, state=said["state"])

    if devices:
        verb, state = "( turn | switch )", "<state on | off >"
        particle = f"( {state} | !up | !down )"
        verbs = f"( {verb} {particle} | toggle | !open | !close | !shut )"
        forms = f"{verbs} {loosely(devices.some)} [ !tomorrow ]"
        yield Sentence(forms, switch, example="turn on the {}", topics=devices.topics)
        yield Sentence(f"{verb} {devices.some} {particle}", switch)
        yield Sentence(f"{verb} it {particle}", switch_it)
        yield Sentence(f"{verb} {state} {every}", switch_every)
        yield Sentence(f"{verb} {every} {state}", switch_every)
        yield Sentence(f"{devices.some} {state}", switch, spoken=False)
        yield Sentence(f"{every} {state}", switch_every, spoken=False)


def _levels(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    devices = ToolEntities(choices(tool, "device"), box.names)

    def level(said: Slots) -> Meaning:
        found, percent = devices.find(said["devices"]), count(said["percent"])
        return each(f"{joined(found)}, {percent} percent", "set_level", found, percent=percent)

    if devices:
        forms = f"( set | dim | turn ) {loosely(devices.some)} [ up | down ] to [ !two ] {PERCENT}"
        yield Sentence(forms, level, example="set the {} to fifty percent", topics=devices.topics)
        number = PERCENT.replace("> percent", "> [ percent ]")
        yield Sentence(f"[ set | dim | turn ] {devices.some} [ to ] {number}", level, spoken=False)


def _relative_levels(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    devices = ToolEntities(choices(tool, "device"), box.names)

    def change(said: Slots) -> Meaning:
        found, how = devices.find(said["device"]), said.get("how", "dimmer")
        direction = "up" if how in _HIGHER else "down"
        return each(f"{joined(found)}, {how}", "change_level", found, direction=direction)

    if devices:
        # Not "turn it up": in a room that is heard where "turn it off" was said.
        forms = f"make {devices.one} <how {' | '.join((*_HIGHER, *_LOWER))} >"
        yield Sentence(forms, change, example="make the {} brighter", topics=devices.topics)
        yield Sentence(f"dim {devices.one}", change)


def _colours(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    values = choices(tool, "device")
    nicknames = {"light": values[0], "lights": values[0]} if len(values) == 1 else {}
    devices = ToolEntities(values, box.names, nicknames)

    def colour(said: Slots) -> Meaning:
        found = devices.find(said["device"])
        return each(f"{joined(found)}, {said['colour']}", "set_colour", found, colour=said["colour"])

    names = choices(tool, "colour")
    if devices and names:
        colours = f"<colour {' | '.join(names)} >"
        example = f"make the {{}} {plain(names[0])}"
        yield Sentence(
            f"( make | turn | set ) {devices.one} [ to ] {colours}",
            colour,
            example=example,
            topics=devices.topics,
        )


def _blinking(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    devices = ToolEntities(choices(tool, "device"), box.names)

    def blink(said: Slots) -> Meaning:
        found, often = devices.find(said["device"]), said.get("often", "three times")
        times = {"once": 1, "twice": 2}.get(often) or count(often.removesuffix("s").removesuffix(" time"))
        return each(f"blink {joined(found)} {often}", "blink_device", found, times=times)

    if devices:
        often = f"<often once | twice | {numbers(1, 20)} ( times | time ) >"
        yield Sentence(
            f"blink {loosely(devices.one)} {often}",
            blink,
            example="blink the {} twice",
            topics=devices.topics,
        )
        yield Sentence(f"( blink | flash ) {devices.one} [ {often} ]", blink, spoken=False)


def _pulsing(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    devices = ToolEntities(choices(tool, "device"), box.names)

    def pulse(said: Slots) -> Meaning:
        found, seconds = devices.find(said["device"]), count(said.get("seconds", "one"))
        unit = "second" if seconds == 1 else "seconds"
        return each(f"pulse {joined(found)} for {seconds} {unit}", "pulse_device", found, seconds=seconds)

    if devices:
        seconds = f"for <seconds {numbers(1, 60)} > ( second | seconds )"
        yield Sentence(f"pulse {loosely(devices.one)} {seconds}", pulse)
        yield Sentence(f"pulse {devices.one} [ {seconds} ]", pulse, spoken=False)


def _acting(action: Action, tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    devices = ToolEntities(choices(tool, "device"), box.names)
    values = {plain(value): value for value in choices(tool, "action")}

    def act(said: Slots) -> Meaning:
        found, word = devices.find(said["device"]), said["action"]
        level = {"percent": count(said["percent"])} if "percent" in said else {}
        readback = ", ".join([joined(found), word, *(f"{percent} percent" for percent in level.values())])
        return each(readback, action.tool, found, action=values[word], **level)

    if devices and values:
        words = f"<action {' | '.join(values)} >"
        forms = action.sentence.format(device=devices.one, action=words, percent=PERCENT)
        yield Sentence(forms, act, example=action.example.format(device="the {}"), topics=devices.topics)


def classes(names: Sequence[str], outputs: Collection[str]) -> dict[str, list[str]]:
    """Devices by the symbols of `phrase_parser`: outputs, contacts, measures and events."""
    of_measures = MEASURES.union(*(kind.measures for kind in KINDS.sensors()))
    of_events = EVENTS.union(*(kind.events for kind in KINDS.sensors()))
    found: dict[str, list[str]] = {"@d": [], "@s": [], "@m": [], "@e": []}
    for name in names:
        last = plain(name).split()[-1]
        symbol = "@m" if last in of_measures else "@e" if last in of_events else "@s"
        found["@d" if plain(name) in outputs else symbol].append(name)
    return found


def _reading(tool: OfferedTool, box: Box) -> Iterator[Sentence]:
    readable = classes(choices(tool, "device"), box.outputs)
    forms = [
        (readable["@s"], "is the {} ( open | closed )", "is the {} open"),
        (readable["@m"], "what is the {}", "what is the {}"),
        (readable["@e"], "is there [ any ] {}", "is there any {}"),
        (readable["@d"], "is the {} ( on | off )", "is the {} on"),
        (choices(tool, "device"), "( read | check | how is | what is ) the {}", ""),
    ]
    for values, form, example in forms:
        if values:
            yield _question(ToolEntities(values, box.names if example else ()), form, example)


def _question(devices: ToolEntities, form: str, example: str) -> Sentence:
    def read(said: Slots) -> Meaning:
        found = devices.find(said["device"])
        return each(joined(found), "read_device", found)

    spoken = bool(example)
    return Sentence(form.format(devices.bare), read, spoken, example, devices.topics)


def _volume(_tool: OfferedTool, _box: Box) -> Iterator[Sentence]:
    def meaning(said: Slots) -> Meaning:
        percent = count(said["percent"])
        return one(f"the volume, {percent} percent", "set_volume", percent=percent)

    yield Sentence(f"( set | turn ) [ the ] volume [ up | down ] to {PERCENT}", meaning)
    loose = PERCENT.replace("> percent", "> [ percent ]")
    yield Sentence(f"[ set ] [ the ] volume [ to ] {loose}", meaning, spoken=False)


def _volume_steps(_tool: OfferedTool, _box: Box) -> Iterator[Sentence]:
    def meaning(said: Slots) -> Meaning:
        direction = {"louder": "up", "quieter": "down"}.get(said["direction"], said["direction"])
        return one(f"the volume, {direction}", "change_volume", direction=direction)

    yield Sentence("[ turn [ the ] ] volume <direction up | down >", meaning)
    example = "turn down the volume"
    yield Sentence("turn <direction up | down > the volume", meaning, example=example, topics=("volume",))
    yield Sentence("speak <direction louder | quieter >", meaning)
    yield Sentence("<direction louder | quieter >", meaning, spoken=False)


def _own(tool: OfferedTool, _box: Box) -> Iterator[Sentence]:
    yield from own(tool)


def _bare(
    readback: str, spoken: str, written: str, example: str = "", topics: tuple[str, ...] = ()
) -> SentenceMaker:
    """The sentences of a tool that takes nothing: those that are listened for, and others in writing."""

    def make(tool: OfferedTool, _box: Box) -> Iterator[Sentence]:
        meaning = always(one(readback, tool["name"]))
        yield Sentence(spoken, meaning, example=example, topics=topics)
        yield Sentence(written, meaning, spoken=False)

    return make


_BUILT_IN: dict[str, SentenceMaker] = {
    "set_device": _switching,
    "set_level": _levels,
    "change_level": _relative_levels,
    "set_colour": _colours,
    "blink_device": _blinking,
    "pulse_device": _pulsing,
    "read_device": _reading,
    "list_devices": _bare(
        "the list of devices",
        "list [ all ] [ the | my ] devices",
        "( what | which ) devices ( are there | do you have | can you see )",
    ),
    "current_time": _bare(
        "the time",
        "what time is it | what is the ( time | date | !weather )",
        "[ tell me ] the time",
        example="what time is it",
        topics=("time", "date"),
    ),
    "set_volume": _volume,
    "change_volume": _volume_steps,
    "mute_microphone": _bare(
        "mute the microphone",
        "mute the microphone",
        "mute [ yourself | the mic ] | ( turn off | switch off | stop | close ) the ( microphone | mic ) "
        "| [ turn | switch ] the ( microphone | mic ) off "
        "| dont listen ( any more | any longer | anymore )",
    ),
    "stop_conversation": _bare(
        "stop", "stop", "stop ( it | talking | listening ) | goodbye | good bye | that is all"
    ),
    "forget_conversation": _bare(
        "forget the conversation",
        "forget ( the | this | our ) conversation",
        "forget ( it | this | everything | what i said )",
    ),
}
