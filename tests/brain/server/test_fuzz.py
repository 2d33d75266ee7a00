"""Whatever a client sends, the session lives, and all that it says passes the oracle."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.brain.talk import SECOND_OF_SILENCE, Talk, asynchronous, talking

IDS = st.sampled_from(["a", "b", "root", "", "item_x", "x" * 33])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MODALITIES = st.sampled_from([["audio"], ["text"], ["audio", "text"], []])
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_text", "input_audio", "input_image", "output_text", "output_audio"])},
    optional={"text": st.sampled_from(["turn on the lamp", "what can you do", ""]), "audio": st.just("AAAA")},
)
ITEMS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["message", "message", "function_call", "function_call_output", "item_reference"]
        )
    },
    optional={
        "id": IDS,
        "role": st.sampled_from(["user", "assistant", "system", "robot"]),
        "content": st.lists(PARTS, max_size=2),
        "call_id": st.sampled_from(["call_1", "call_2"]),
        "name": st.just("set_device"),
        "arguments": st.just("{}"),
        "output": st.sampled_from(["The lamp is on.", "Error: no", '{"a": [1]}']),
    },
)
TURN_DETECTION = st.none() | st.fixed_dictionaries(
    {"type": st.sampled_from(["server_vad", "semantic_vad", "client_vad"])},
    optional={"create_response": st.booleans(), "interrupt_response": st.booleans()},
)
FORMAT: dict[str, st.SearchStrategy[Any]] = {
    "format": st.sampled_from(
        [None, *({"type": f"audio/{kind}"} for kind in ("pcm", "pcmu", "pcma", "opus"))]
    )
}
SESSIONS = st.fixed_dictionaries(
    {"type": st.sampled_from(["realtime", "realtime", "transcription"])},
    optional={
        "output_modalities": MODALITIES,
        "audio": st.fixed_dictionaries(
            {},
            optional={
                "input": st.none()
                | st.fixed_dictionaries({}, optional={"turn_detection": TURN_DETECTION, **FORMAT}),
                "output": st.none() | st.fixed_dictionaries({}, optional=FORMAT),
            },
        ),
        "tools": JUNK
        | st.just([{"type": "function", "name": "set_device", "parameters": {"properties": 5}}])
        | st.just([{"type": "mcp", "server_label": "shop", "headers": None}]),
        "model": st.none() | st.just("another"),
        "max_output_tokens": st.integers(0, 20) | st.just("inf"),
        "junk": JUNK,
    },
)
RESPONSES = st.fixed_dictionaries(
    {},
    optional={
        "output_modalities": MODALITIES,
        "conversation": st.sampled_from(["auto", "none"]),
        "input": st.lists(ITEMS, max_size=2),
        "max_output_tokens": st.integers(1, 30),
        "audio": st.fixed_dictionaries({"output": st.fixed_dictionaries({}, optional=FORMAT)}),
        "metadata": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    },
)


def _event(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"type": st.just(name)}, optional=fields)


EVENTS = st.one_of(
    _event("session.update", session=SESSIONS | JUNK),
    _event("input_audio_buffer.append", audio=st.just(SECOND_OF_SILENCE) | st.just("AAA=") | JUNK),
    st.just({"type": "input_audio_buffer.append", "audio": SECOND_OF_SILENCE}),
    _event("input_audio_buffer.commit", event_id=JUNK),
    _event("input_audio_buffer.clear"),
    _event("conversation.item.create", item=ITEMS | JUNK, previous_item_id=IDS),
    _event("conversation.item.retrieve", item_id=IDS),
    _event(
        "conversation.item.truncate", item_id=IDS, content_index=st.integers(0, 1), audio_end_ms=st.integers()
    ),
    _event("conversation.item.delete", item_id=IDS),
    _event("response.create", response=RESPONSES | JUNK),
    _event("response.cancel", response_id=IDS),
    _event("output_audio_buffer.clear"),
    st.fixed_dictionaries({"type": JUNK}),
)
TO_ITS_OWN_ITEMS = st.sampled_from(
    ["conversation.item.truncate", "conversation.item.delete", "conversation.item.retrieve"]
)
FRAMES = EVENTS.map(json.dumps) | JUNK.map(json.dumps) | st.text(max_size=20)


def own_items(talk: Talk) -> list[str]:
    """The ids of the items that the session has made."""
    return [event["item"]["id"] for event in talk.events if event["type"] == "response.output_item.added"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(script=st.lists(st.tuples(FRAMES, st.integers(0, 3), st.none() | TO_ITS_OWN_ITEMS), max_size=25))
def test_nothing_a_client_sends_ends_a_session(script: list[tuple[str, int, str | None]]) -> None:
    @asynchronous
    async def scene() -> None:
        async with talking("turn on the lamp", "what can you do") as talk:
            talk.configure()
            for frame, turns_of_the_loop, request in script:
                talk.session.handle(frame)
                for _ in range(turns_of_the_loop):
                    await asyncio.sleep(0)
                if request and own_items(talk):
                    cut = {"content_index": 0, "audio_end_ms": 10} if request.endswith("truncate") else {}
                    talk.send(request, item_id=own_items(talk)[-1], **cut)
            assert talk.send("input_audio_buffer.clear")[-1]["type"] == "input_audio_buffer.cleared"

    scene()
