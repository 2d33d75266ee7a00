"""Tool servers that the service would call itself: the brain has no network, and says so."""

from __future__ import annotations

import json

from daemon.realtime.events import Json
from tests.brain.scripted import LAMP_AND_FAN
from tests.brain.talk import asynchronous, calls, talking, words

SERVER: Json = {
    "type": "mcp",
    "server_label": "shop",
    "server_url": "https://shop.example/mcp",
    "authorization": "secret-token",
    "headers": {"X-Key": "secret-header"},
    "allowed_tools": ["buy"],
    "require_approval": {"never": {"tool_names": ["buy"]}},
    "server_description": None,
}


@asynchronous
async def test_a_tool_server_is_a_failed_item_and_the_other_tools_work() -> None:
    async with talking() as talk:
        updated, *rest = talk.send(
            "session.update", session={"type": "realtime", "tools": [SERVER, *LAMP_AND_FAN]}
        )
        assert [event["type"] for event in rest] == [
            "conversation.item.added",
            "mcp_list_tools.in_progress",
            "mcp_list_tools.failed",
            "conversation.item.done",
        ]
        item = rest[0]["item"]
        assert (item["type"], item["server_label"], item["tools"]) == ("mcp_list_tools", "shop", [])
        assert {event.get("item_id", item["id"]) for event in rest} == {item["id"]}
        assert [tool["type"] for tool in updated["session"]["tools"]] == ["mcp", "function", "function"]
        done = await talk.type("turn on the lamp")
        assert calls(done) == [("set_device", {"device": "lamp", "state": "on"})]


@asynchronous
async def test_it_is_told_once_and_not_with_each_update() -> None:
    async with talking() as talk:
        talk.send("session.update", session={"type": "realtime", "tools": [SERVER]})
        answers = talk.send("session.update", session={"type": "realtime", "tools": [SERVER, *LAMP_AND_FAN]})
        assert [event["type"] for event in answers] == ["session.updated"]


@asynchronous
async def test_its_secrets_are_told_to_nobody() -> None:
    async with talking() as talk:
        talk.send("session.update", session={"type": "realtime", "tools": [SERVER]})
        assert "secret" not in json.dumps(talk.events)


@asynchronous
async def test_one_response_may_name_it_and_a_choice_of_it_calls_nothing() -> None:
    async with talking() as talk:
        talk.configure()
        done = await talk.type(
            "turn on the lamp", tools=[SERVER], tool_choice={"type": "mcp", "server_label": "shop"}
        )
        assert "mcp_list_tools.failed" in talk.names()
        assert calls(done) == []
        assert words(done)


@asynchronous
async def test_an_approval_that_nobody_asked_for_is_refused() -> None:
    async with talking() as talk:
        item = {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True}
        error = talk.refusal("conversation.item.create", item=item)
        assert (error["code"], error["param"]) == ("invalid_value", "item.type")
