"""Thousands of items: each costs as much as the first, and the conversation has an end that is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.brain.server.chain import Chain
from daemon.brain.server.conversation import MAX_BYTES, MAX_ITEMS, Conversation, StoredItem
from daemon.brain.server.response_request import MAX_INPUT
from daemon.realtime.events import Content, Item
from tests.brain.talk import Talk, asynchronous, calls, talking

FEW, MANY = 50, 2_000
TEXT = "turn on the lamp"


@given(st.lists(st.tuples(st.sampled_from(["insert", "insert", "remove"]), st.integers(0, 1000))))
def test_a_chain_is_a_list_that_is_quick_everywhere(steps: list[tuple[str, int]]) -> None:
    chain: Chain[int] = Chain()
    expected: list[int] = []
    for number, (step, place) in enumerate(steps):
        at = place % (len(expected) + 1)
        if step == "insert":
            chain.insert(number, expected[at - 1] if at else None)
            expected.insert(at, number)
        elif at < len(expected):
            chain.remove(expected.pop(at))
        assert list(chain) == expected
        assert len(chain) == len(expected)
        assert (chain.first, chain.last) == ((expected[0], expected[-1]) if expected else (None, None))
        for before, thing in zip([None, *expected], expected, strict=False):
            assert chain.before(thing) == before
            assert thing in chain


class Counted(StoredItem):
    """An entry that counts how often anything looks at one of its kind."""

    looks = 0

    def __getattribute__(self, name: str) -> Any:
        Counted.looks += 1
        return super().__getattribute__(name)


def entry(item_id: str, **fields: Any) -> StoredItem:
    content = [Content(type="input_text", text=TEXT)]
    return Counted(Item(**{"id": item_id, "type": "message", "role": "user", "content": content, **fields}))


def looks_each(work: Callable[[Conversation, int], None], before: int, count: int = 20) -> float:
    """How often entries are looked at in one of `count` steps behind `before` messages and calls."""
    talk = Conversation()
    for number in range(before):
        talk.add(entry(f"old_{number}"))
        talk.add(entry(f"call_{number}", type="function_call", call_id=f"c_{number}", name="a", arguments=""))
    Counted.looks = 0
    for number in range(count):
        work(talk, number)
    return Counted.looks / count


def append(talk: Conversation, number: int) -> None:
    talk.add(entry(f"new_{number}"))


def put_behind_an_early_one(talk: Conversation, number: int) -> None:
    talk.add(entry(f"new_{number}"), f"old_{number}")


def put_at_the_beginning(talk: Conversation, number: int) -> None:
    talk.add(entry(f"new_{number}"), "root")


def delete(talk: Conversation, number: int) -> None:
    talk.delete(f"old_{number + 5}")


def look_up(talk: Conversation, number: int) -> None:
    found = talk.find(f"old_{number}")
    assert found is not None
    talk.before(found)
    talk.holds(found)


def answer_a_call(talk: Conversation, number: int) -> None:
    talk.add(entry(f"out_{number}", type="function_call_output", call_id=f"c_{number}", output="ok"))


@pytest.mark.parametrize(
    "work",
    [append, put_behind_an_early_one, put_at_the_beginning, delete, look_up, answer_a_call],
    ids=lambda work: work.__name__,
)
def test_one_item_more_costs_the_same_however_many_there_are(
    work: Callable[[Conversation, int], None],
) -> None:
    assert 0 < looks_each(work, MANY) == looks_each(work, FEW)


def fill(talk: Talk, last: int = 50) -> None:
    """As full as may be; the last of them come over the wire."""
    for number in range(MAX_ITEMS - last):
        talk.session.conversation.add(entry(f"before_{number}"))
    for number in range(last):
        content = [{"type": "input_text", "text": TEXT}]
        item = {"type": "message", "role": "user", "id": f"item_{number}", "content": content}
        assert talk.send("conversation.item.create", item=item)[0]["type"] == "conversation.item.added"


@asynchronous
async def test_a_full_conversation_says_so_and_goes_on_where_room_is_made() -> None:
    async with talking("turn on the lamp") as talk:
        talk.configure()
        fill(talk)
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": TEXT}]}
        refusals = [
            talk.refusal("conversation.item.create", item=item),
            talk.refusal("response.create"),
        ]
        talk.send("input_audio_buffer.append", audio="AAAA" * 4000)
        refusals.append(talk.refusal("input_audio_buffer.commit"))
        assert {error["code"] for error in refusals} == {"conversation_full"}
        assert "delete some, or begin a new session" in refusals[0]["message"]
        talk.send("conversation.item.delete", item_id="item_0")
        assert talk.send("input_audio_buffer.commit")[0]["type"] == "input_audio_buffer.committed"
        talk.send("conversation.item.delete", item_id="item_1")
        assert calls(await talk.answer())


@asynchronous
async def test_what_lies_outside_of_a_full_conversation_is_still_answered() -> None:
    async with talking() as talk:
        talk.configure()
        fill(talk)
        content = [{"type": "input_text", "text": TEXT}]
        item = {"type": "message", "role": "user", "content": content}
        assert calls(await talk.answer(conversation="none", input=[item]))


@asynchronous
async def test_of_two_items_with_one_id_the_newest_counts_and_the_older_comes_back() -> None:
    async with talking() as talk:
        for text in ("first", "second"):
            content = [{"type": "input_text", "text": text}]
            item = {"type": "message", "role": "user", "id": "same", "content": content}
            talk.send("conversation.item.create", item=item)
        for expected in ("second", "first"):
            (event,) = talk.send("conversation.item.retrieve", item_id="same")
            assert event["item"]["content"][0]["text"] == expected
            talk.send("conversation.item.delete", item_id="same")
        assert (
            talk.refusal("conversation.item.delete", item_id="same")["code"] == "item_delete_invalid_item_id"
        )


def test_what_is_held_is_counted_as_it_grows_and_shrinks() -> None:
    talk = Conversation()
    spoken = StoredItem(
        Item(id="a", type="message", role="assistant", content=[Content(type="output_audio")])
    )
    talk.add(spoken)
    spoken.audio += bytes(MAX_BYTES // 2)
    talk.measure(spoken)
    big = StoredItem(Item(id="b", type="message", role="user", content=[]), bytearray(MAX_BYTES * 2 // 5))
    talk.add(big)
    assert talk.find("a") is spoken
    talk.truncate("a", 0, 10)
    talk.add(StoredItem(Item(id="c", type="message", role="user", content=[]), bytearray(MAX_BYTES // 2)))
    assert [each.id for each in talk.entries] == ["a", "b", "c"]
    talk.add(StoredItem(Item(id="d", type="message", role="user", content=[]), bytearray(MAX_BYTES // 5)))
    assert [each.id for each in talk.entries] == ["c", "d"]


@asynchronous
async def test_a_request_with_more_items_of_its_own_than_one_answer_needs_is_refused() -> None:
    async with talking() as talk:
        talk.configure()
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": TEXT}]}
        refusal = talk.refusal("response.create", response={"input": [item] * (MAX_INPUT + 1)})
        assert refusal["param"] == "response.input"
        assert calls(await talk.answer(conversation="none", input=[item] * 5))
