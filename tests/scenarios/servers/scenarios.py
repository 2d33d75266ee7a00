"""What is done with each server, and what must come of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from tests.scenarios.servers.household import Household, hold_true, loud_ms
from tests.scenarios.servers.script import HALF, LONG, OFF, ON, QUESTION, Json

BEGINNING_S = 1.0
LINGERING_S = 2.0
"""Longer than any voice detection waits."""

LEAST_SOUND, MOST_SOUND, SLACK_MS = 0.4, 1.1, 500
"""What is on the tape, as a share of what the records say was heard: speech has pauses, a cut has an end."""


class LimitError(Exception):
    """The server cannot do this, and the wire shows it; the message says why."""


def _answered(turn: Json) -> None:
    hold_true(not turn["trouble"], f"trouble in the turn: {turn['trouble']}")
    hold_true(turn["reply"], "the turn has no reply")
    hold_true(turn["heard_ms"] > 0, f"nothing was heard of {turn['reply']!r}")


def _command_is_done(house: Household, turn: Json, level: float) -> None:
    _answered(turn)
    if house.server.hears or turn["source"] == "text":
        lamp = house.status()["devices"]["lamp"]
        hold_true(len(turn["tool_calls"]) == 1, f"calls: {turn['tool_calls']}")
        hold_true(lamp == level, f"the lamp is at {lamp} after {turn['heard']!r}")


def hold(house: Household) -> None:
    """The button is held while a command is spoken, and once for long afterwards."""
    for text, level, lingering_s in ((ON, 1.0, 0.0), (HALF, 0.5, 0.0), (ON, 1.0, LINGERING_S)):
        turn = house.turn(partial(house.say_holding, text, lingering_s), f"the spoken {text!r}")
        _command_is_done(house, turn, level)


def tap(house: Household) -> None:
    """A tap; the server hears the end of what is said. Once it is into a long answer."""
    if "tap" in house.server.limits:
        _tap_in_vain(house)
    for text, level in ((ON, 1.0), (HALF, 0.5)):
        turn = house.turn(partial(house.say_tapping, text), f"the tapped {text!r}")
        _command_is_done(house, turn, level)
    _barge_in(house, house.say_tapping)


def _tap_in_vain(house: Household) -> None:
    house.say_tapping(ON)
    house.until(lambda: house.status()["state"] == "idle", "the ears close by themselves")
    _answered(house.turn(lambda: house.type(QUESTION), "a typed turn after the tap"))
    kinds = {event["type"] for event in house.wire("server")}
    hold_true("input_audio_buffer.speech_started" not in kinds, "the server does detect speech")
    raise LimitError(house.server.limits["tap"])


def ask(house: Household) -> None:
    """A typed question."""
    turn = house.turn(lambda: house.type(QUESTION), "the typed turn")
    _answered(turn)


def tool(house: Household) -> None:
    """Two commands in one conversation, each carried out once, its outcome told by the server."""
    _command_is_done(house, house.turn(lambda: house.type(ON), "on"), 1.0)
    _command_is_done(house, house.turn(lambda: house.type(OFF), "off"), 0.0)
    outputs = [
        event["item"]["call_id"]
        for event in house.wire("client")
        if event["type"] == "conversation.item.create" and event["item"]["type"] == "function_call_output"
    ]
    hold_true(len(outputs) == 2, f"outputs handed in: {outputs}")


def barge_in(house: Household) -> None:
    """A command is spoken into a long answer, the button held."""
    _barge_in(house, house.say_holding)


def _barge_in(house: Household, say: Callable[[str], None]) -> None:
    _begin_long_answer(house)
    before = len(house.turns)
    say(ON)
    first, second = house.until(lambda: house.turns[before:][1:] and house.turns[before:], "both turns")
    hold_true(first["interrupted"], "the long answer was not interrupted")
    hold_true(first["heard_ms"] > 0, "nothing was heard of the long answer")
    _command_is_done(house, second, 1.0)


def _begin_long_answer(house: Household) -> None:
    house.type(LONG)
    house.until(lambda: house.status()["state"] == "speaking", "the long answer")
    time.sleep(BEGINNING_S)


def restart(house: Household) -> None:
    """The server dies while somebody speaks, and again while it answers; each time it comes back."""
    turn = house.turn(lambda: _dies_in_an_utterance(house), "the turn in which the server died")
    _answered(turn)
    house.until(house.ready, "the connection after the first death")
    _begin_long_answer(house)
    cut = house.turn(house.server.kill, "the answer in which the server died")
    hold_true(cut["heard_ms"] > 0, "nothing was heard of the cut answer")
    house.server.start()
    house.until(house.ready, "the connection after the second death")
    _command_is_done(house, house.turn(lambda: house.type(ON), "the turn after"), 1.0)


def _dies_in_an_utterance(house: Household) -> None:
    house.press()
    house.say(ON, meanwhile=house.server.kill)
    house.release()
    house.server.start()


SCENARIOS: dict[str, tuple[str, Callable[[Household], None]]] = {
    "hold": ("hold", hold),
    "tap": ("tap", tap),
    "ask": ("hold", ask),
    "tool": ("hold", tool),
    "barge-in": ("hold", barge_in),
    "restart": ("hold", restart),
}
"""The style of the button and what is done, by name."""


def afterwards(house: Household) -> None:
    """What must hold after every scenario."""
    house.until(lambda: house.status()["state"] == "idle", "idle at the end")
    hold_true(not house.status()["faults"], f"faults: {house.status()['faults']}")
    calls = [call for turn in house.turns for call in turn["tool_calls"]]
    runs = [event for event in house.events if event.get("event") == "tool" and event["output"] is not None]
    hold_true(len(runs) == len(calls), f"{len(runs)} tools ran for {len(calls)} calls")
    for log in house.folder.glob("*.log"):
        hold_true("Traceback" not in log.read_text(errors="replace"), f"a traceback in {log.name}")


def on_tape(house: Household) -> None:
    """What the records say was heard is what the speaker played, once the tape is complete."""
    told = sum(turn["heard_ms"] for turn in house.turns)
    played = loud_ms(house.folder / "speaker.wav")
    holds = LEAST_SOUND * told <= played <= MOST_SOUND * told + SLACK_MS
    hold_true(holds, f"{played} ms of sound on the tape, {told} ms told as heard")
