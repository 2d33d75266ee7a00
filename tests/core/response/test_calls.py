"""The calls of an answer that comes in pieces: each piece goes to the call that it names."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.core.response.calls import Calls
from daemon.realtime import events as wire
from daemon.realtime.events import Item

FAN, LAMP = '{"device":"fan"}', '{"device":"lamp"}'


@pytest.mark.parametrize("name", ["item_id", "call_id"])
def test_pieces_of_two_calls_with_the_same_name_are_told_apart_by_an_id(name: str) -> None:
    calls = Calls()
    for call in ("a", "b"):
        ids: dict[str, Any] = {{"item_id": "id"}.get(name, name): call}
        calls.hear(wire.OutputItemAdded(item=Item(type="function_call", name="set_device", **ids)))
    for call, piece in (("b", FAN[:5]), ("a", LAMP[:5]), ("a", LAMP[5:]), ("b", FAN[5:])):
        told: dict[str, Any] = {name: call, "delta": piece}
        calls.hear(wire.ArgumentsDelta(**told))
    assert [call.arguments for call in calls.all()] == [LAMP, FAN]


def test_an_item_of_the_conversation_tells_the_name_and_the_arguments_of_its_call() -> None:
    calls = Calls()
    item = Item(id="i", type="function_call", call_id="c", name="set_device", arguments=LAMP)
    calls.hear(wire.ItemAdded(item=item))
    (call,) = calls.all()
    assert (call.item_id, call.call_id, call.name, call.arguments) == ("i", "c", "set_device", LAMP)
    assert calls.ids == {"i", "c"}
