"""The oracle itself: a good log passes, and each kind of fault is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.oracle import check_lines, main, violations

RESPONSE: dict[str, Any] = {
    "object": "realtime.response",
    "id": "r",
    "conversation_id": "c",
    "output": [],
    "metadata": None,
}
MESSAGE: dict[str, Any] = {
    "id": "i",
    "object": "realtime.item",
    "type": "message",
    "role": "assistant",
    "content": [],
}
SPOKEN = {**MESSAGE, "status": "completed", "content": [{"type": "output_audio", "transcript": "Hello"}]}
PLACE = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}


def server(name: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "server", {"type": name, **fields}


def client(name: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "client", {"type": name, **fields}


GOOD = [
    server("session.created", session={"type": "realtime", "id": "s", "object": "realtime.session"}),
    client("input_audio_buffer.append", audio="AAAA"),
    client("response.create"),
    server("response.created", response={**RESPONSE, "status": "in_progress"}),
    server("response.output_item.added", response_id="r", output_index=0, item=MESSAGE),
    server("conversation.item.added", item=MESSAGE, previous_item_id=None),
    server("response.content_part.added", **PLACE, part={"type": "audio", "transcript": ""}),
    server("response.output_audio_transcript.delta", **PLACE, delta="Hel"),
    server("response.output_audio.delta", **PLACE, delta="AAAA"),
    server("response.output_audio_transcript.delta", **PLACE, delta="lo"),
    server("response.output_audio.done", **PLACE),
    server("response.output_audio_transcript.done", **PLACE, transcript="Hello"),
    server("response.content_part.done", **PLACE, part={"type": "audio", "transcript": "Hello"}),
    server("response.output_item.done", response_id="r", output_index=0, item=SPOKEN),
    server("conversation.item.done", item=SPOKEN, previous_item_id=None),
    server("response.done", response={**RESPONSE, "status": "completed", "output": [SPOKEN]}),
]


def lines(*events: tuple[str, dict[str, Any]]) -> list[str]:
    """A log in which every server event has an id of its own."""
    return [
        json.dumps(
            {"dir": side, "event": {"event_id": f"event_{number}", **event} if side == "server" else event}
        )
        for number, (side, event) in enumerate(events)
    ]


def test_a_good_log_passes() -> None:
    assert violations(lines(*GOOD)) == []


BAD: list[tuple[tuple[str, Any], str]] = [
    (server("response.audio.delta", delta="AAAA"), "E_EVENT"),
    (client("response.stop"), "E_EVENT"),
    (client("input_audio_buffer.append"), "E_MISSING"),
    (client("input_audio_buffer.append", audio="@"), "E_B64"),
    (client("input_audio_buffer.append", audio="AAAA", data=1), "E_UNKNOWN"),
    (client("input_audio_buffer.commit", event_id="x" * 513), "E_LEN"),
    (client("conversation.item.truncate", item_id="i", content_index=0, audio_end_ms="1"), "E_TYPE"),
    (
        client("session.update", session={"type": "realtime", "output_modalities": ["text", "audio"]}),
        "E_ENUM",
    ),
    (client("session.update", session={"type": "realtime", "temperature": 1}), "E_UNKNOWN"),
    (client("conversation.item.create", item={**SPOKEN, "id": "i"}), "E_SEED"),
    (client("conversation.item.delete", item_id=None), "E_NULL"),
    (server("error", error={"type": "x", "message": "y", "code": 7}), "E_TYPE"),
    (server("conversation.item.added", item={**MESSAGE, "role": "robot"}), "E_ENUM"),
    (("server", ["no object"]), "E_TYPE"),
]


@pytest.mark.parametrize(("event", "code"), BAD, ids=[code for _, code in BAD])
def test_a_faulty_event_is_found(event: tuple[str, Any], code: str) -> None:
    side, told = event
    entry = {"event_id": "e", **told} if side == "server" and isinstance(told, dict) else told
    found = check_lines([json.dumps({"dir": side, "event": entry})])
    assert code in {finding.code for finding in found if finding.fails}


def test_a_line_that_is_none_is_found() -> None:
    assert [finding.code for finding in violations(["{", "", '{"dir": "server"}'])] == ["E_LINE", "E_LINE"]


@pytest.mark.parametrize("left_out", [index for index, (side, _) in enumerate(GOOD) if side == "server"])
def test_leaving_out_an_event_is_noticed_where_others_rest_on_it(left_out: int) -> None:
    optional = {
        "conversation.item.done",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
    }
    found = violations(lines(*(event for index, event in enumerate(GOOD) if index != left_out)))
    assert bool(found) == (GOOD[left_out][1]["type"] not in optional)


@pytest.mark.parametrize(
    ("position", "event"),
    [
        (16, server("session.created", session={"type": "realtime"})),
        (4, server("response.created", response={**RESPONSE, "id": "r2", "status": "in_progress"})),
        (16, server("response.output_audio.delta", **PLACE, delta="AAAA")),
        (14, server("response.output_audio.delta", **PLACE, delta="AAAA")),
        (12, server("response.output_audio_transcript.done", **PLACE, transcript="Bye")),
        (16, server("conversation.item.done", item=SPOKEN, previous_item_id=None)),
        (16, server("input_audio_buffer.cleared", event_id="event_0")),
    ],
)
def test_an_event_out_of_place_is_found(position: int, event: tuple[str, dict[str, Any]]) -> None:
    found = violations(lines(*GOOD[:position], event, *GOOD[position:]))
    assert "E_ORDER" in {finding.code for finding in found}


def test_connections_are_judged_apart() -> None:
    entries = [json.loads(line) for line in lines(*GOOD)]
    twice = [json.dumps({**entry, "conn": number}) for number in (1, 2) for entry in entries]
    assert violations(twice) == []


def test_the_command_judges_files(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text("\n".join(lines(*GOOD)))
    bad.write_text("\n".join(lines(*GOOD[:-1])))
    assert main([str(good), "--order"]) == 0
    assert main([str(bad)]) == 0
    assert main([str(good), str(bad), "--order"]) == 1
