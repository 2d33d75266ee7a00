"""JSON frames to typed events and back: strict and fast for correct frames, lenient for others.

`decode_server` never raises for anything a peer can send: a frame that cannot be read is an
`UndecodableFrame`. The fast path is one typed decode straight from JSON, base64 included. A frame that it
refuses (an unknown or a beta name, a null, a wrong type, unpadded base64) is decoded again loosely: values
that do not fit their fields are dropped, and the rest is kept.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import math
import re
from collections.abc import Collection
from typing import Any, Union

import msgspec

from daemon.realtime.answer_shapes import says_little, with_its_answer
from daemon.realtime.error_shapes import with_its_error
from daemon.realtime.events import SERVER_EVENTS, ClientEvents, Error, ServerEvent
from daemon.realtime.limits import MAX_MARKS

BETA_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "transcription_session.updated": "session.updated",
}
"""Names of the retired beta protocol, as some compatible servers still send them."""

_MAX_REPAIRS = 64
_LARGEST_ID = 2**63
_encoder = msgspec.json.Encoder()


def _float(digits: str) -> float:
    """A float; msgspec takes thirty times as long for numbers near the ends of the range."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError("Number out of range")
    return number


_of_server: Any = Union[SERVER_EVENTS]  # noqa: UP007  # | takes no list
_server: msgspec.json.Decoder[ServerEvent] = msgspec.json.Decoder(_of_server, float_hook=_float)
_anything = msgspec.json.Decoder(float_hook=_float)
_client: msgspec.json.Decoder[ClientEvents] = msgspec.json.Decoder(ClientEvents, float_hook=_float)
_path = re.compile(r"at `\$(.*)`$")
_steps = re.compile(r"\.([^.\[\]]+)|(\[(?:\.\.\.|\d+)\])")
_got = re.compile(r"got `(\w+)`")
_KINDS = {"object": dict, "array": list, "str": str, "int": int, "float": float, "bool": bool}


class UndecodableFrame(msgspec.Struct, frozen=True):
    """A frame that is no known event: its type, if it has one, and why it was skipped."""

    type: str
    reason: str


def loosely_typed(frame: bytes | str) -> Any:
    """Any JSON. Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError."""
    return _anything.decode(frame)


def encode(event: ClientEvents | ServerEvent) -> bytes:
    """One event as the JSON of a text frame."""
    return _encoder.encode(event)


def decode_client(frame: bytes | str) -> ClientEvents:
    """An event of a client. Raises msgspec.DecodeError or its subclass ValidationError."""
    return _client.decode(frame)


def decode_server(frame: bytes | str) -> ServerEvent | UndecodableFrame:
    """An event of a server, repaired if possible. Never raises."""
    frame = _unmarked(frame)
    if _crowded(frame):
        return UndecodableFrame("", "there is too much in it")
    try:
        try:
            event = _server.decode(frame)
        except msgspec.ValidationError:
            return _loosely(frame)
        return _loosely(frame) if _says_little(event) else event
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return UndecodableFrame("", str(error) or type(error).__name__)


def _unmarked(frame: bytes | str) -> bytes | str:
    """The frame without the byte order mark that some libraries add."""
    return frame.removeprefix("\ufeff") if isinstance(frame, str) else frame.removeprefix(codecs.BOM_UTF8)


def _says_little(event: ServerEvent) -> bool:
    return not event.error.message if isinstance(event, Error) else says_little(event)


def _crowded(frame: bytes | str) -> bool:
    """Whether it would take more memory than the service may have."""
    if len(frame) <= MAX_MARKS:
        return False
    letters = frame if isinstance(frame, bytes) else frame.encode(errors="replace")
    return sum(map(letters.count, b"{[,")) > MAX_MARKS


def _loosely(frame: bytes | str) -> ServerEvent | UndecodableFrame:
    raw = with_its_error(with_its_answer(loosely_typed(frame)))
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        return UndecodableFrame("", "not an object with a type")
    name = str(raw["type"])
    name = raw["type"] = BETA_NAMES.get(name, name)
    raw = _without_nulls(_as_text(raw))
    if name == "response.output_audio.delta":
        raw["delta"] = _unbase64(raw.get("delta"))
    for _ in range(_MAX_REPAIRS):
        try:
            event: ServerEvent = msgspec.convert(raw, _of_server)
            return event
        except msgspec.ValidationError as error:
            if not _repair(raw, str(error)):
                return UndecodableFrame(name, str(error))
    return UndecodableFrame(name, "too much of it is wrong")


def _as_text(value: Any) -> Any:
    """Names and arguments as the text that they should be: a null in arguments means something."""
    if isinstance(value, list):
        return [_as_text(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _text_of(key, each) for key, each in value.items()}


def _text_of(key: str, value: Any) -> Any:
    if key == "arguments" and not isinstance(value, str | None):
        return _encoder.encode(value).decode()
    if (key == "id" or key.endswith("_id")) and type(value) is int and abs(value) < _LARGEST_ID:
        return str(value)
    if key == "content" and isinstance(value, str):
        return [{"type": "text", "text": value}]
    return value if key == "arguments" else _as_text(value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value if each is not None]
    return value


def _unbase64(text: Any) -> bytes:
    """Decode base64 leniently, without padding for instance; b"" if it cannot be read."""
    if not isinstance(text, str):
        return b""
    kept = re.sub(r"[^A-Za-z0-9+/]", "", text.replace("-", "+").replace("_", "/"))
    try:
        return base64.b64decode(kept + "=" * (-len(kept) % 4))
    except binascii.Error:
        return b""


def _repair(raw: dict[str, Any], complaint: str) -> bool:
    """Remove the value that a decode error points at; False if there is nothing left to remove."""
    found, got = _path.search(complaint), _got.search(complaint)
    steps = _steps.findall(found[1]) if found else []
    if not steps or steps == [("type", "")]:
        return False
    kind = _KINDS.get(got[1]) if got else None
    return _remove(raw, [name for name, _ in steps], kind)


def _remove(node: Any, names: list[str], kind: type | None) -> bool:
    """Remove values of the wrong `kind` at this path; an empty name stands for all keys."""
    name, *rest = names
    there = _inside(node, name)
    if rest:
        return bool(sum(_remove(node[key], rest, kind) for key in there))
    wrong = {key for key in there if kind in (None, type(node[key]))}
    if isinstance(node, list):
        node[:] = [each for key, each in enumerate(node) if key not in wrong]
    else:
        for key in wrong:
            del node[key]
    return bool(wrong)


def _inside(node: Any, name: str) -> Collection[Any]:
    """The keys that a name of the path stands for."""
    if isinstance(node, list):
        return () if name else range(len(node))
    if not isinstance(node, dict):
        return ()
    return (name,) * (name in node) if name else tuple(node)
