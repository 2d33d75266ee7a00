"""Ears, mind and voice made of paper: an OpenAI-compatible service with a script, on a thread of its own.

It stands in for the three models of a server that would fetch gigabytes for them.
"""

from __future__ import annotations

import io
import json
import threading
import wave
from collections.abc import Iterator
from contextlib import suppress
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from daemon.audio.pcm import from_pcm16, to_pcm16
from tests.scenarios.servers.script import COMMANDS, SAYINGS, SOMETHING, Json

VOICE_HZ, TONE_HZ, LETTERS_A_SECOND = 24_000, 330, 15
LOUD = 0.01
FRAME = {"id": "chat_1", "created": 0, "model": "paper"}


def call_of(messages: list[Json]) -> tuple[str, Json] | None:
    """The tool and the arguments that the last message leads to."""
    last = messages[-1]
    return COMMANDS.get(_question(last)) if last["role"] == "user" else None


def reply_to(messages: list[Json]) -> str:
    """What is said to the last message."""
    last = messages[-1]
    return _text(last) if last["role"] == "tool" else SAYINGS.get(_question(last), SOMETHING)


def _text(message: Json) -> str:
    content = message["content"]
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def _question(message: Json) -> str:
    """The last line: questions that nobody answered are put into one message."""
    return "".join(_text(message).splitlines()[-1:])


def chunks(messages: list[Json]) -> Iterator[Json]:
    """The answer as a stream of chat completion chunks."""
    called = call_of(messages)
    if called:
        name, arguments = called
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": 0, "id": f"call_{len(messages)}", "type": "function", "function": function}
        yield _chunk({"role": "assistant", "tool_calls": [call]})
    else:
        for word in reply_to(messages).split():
            yield _chunk({"role": "assistant", "content": f"{word} "})
    yield _chunk({}, "tool_calls" if called else "stop")


def _chunk(delta: Json, why: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": why}
    return {**FRAME, "object": "chat.completion.chunk", "choices": [choice]}


def voice(text: str) -> bytes:
    """A tone as long as the text would take."""
    samples = np.arange(VOICE_HZ * max(1, len(text)) // LETTERS_A_SECOND)
    tone = 0.2 * np.sin(2 * np.pi * TONE_HZ * samples / VOICE_HZ)
    return to_pcm16(tone.astype(np.float32))


def is_loud(body: bytes, content_type: str) -> bool:
    """Is there any sound in the WAV file of a form?"""
    form = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    sounds = [part.get_payload(decode=True) for part in form.walk() if part.get_filename()]
    with wave.open(io.BytesIO(bytes(sounds[0]))) as file:
        samples = from_pcm16(file.readframes(file.getnframes()))
    return bool(samples.size) and float(np.sqrt(np.mean(samples**2))) > LOUD


class Paper:
    """`hears` is what the next sound says. `url` is the base address."""

    def __init__(self) -> None:
        self.hears = ""
        paper = self

        class Handler(_Handler):
            owner = paper

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        """It listens no more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: Paper

    def log_message(self, *_: Any) -> None:
        return

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [{"id": "paper", "object": "model", "owned_by": "us"}]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        match self.path.rpartition("/")[2]:
            case "transcriptions":
                loud = is_loud(body, self.headers["content-type"])
                self._json({"text": self.owner.hears if loud else ""})
            case "speech":
                self._answer("audio/pcm", voice(json.loads(body)["input"]))
            case "completions":
                self._chat(json.loads(body))

    def _chat(self, asked: Json) -> None:
        if asked.get("stream"):
            lines = [json.dumps(chunk) for chunk in chunks(asked["messages"])] + ["[DONE]"]
            self._answer("text/event-stream", "".join(f"data: {line}\n\n" for line in lines).encode())
        else:
            message = {"role": "assistant", "content": reply_to(asked["messages"])}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            self._json(
                {
                    "id": "chat_1",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "paper",
                    "choices": [choice],
                }
            )

    def _json(self, answer: Json) -> None:
        self._answer("application/json", json.dumps(answer).encode())

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever was interrupted does not wait for the rest
            self.wfile.write(body)
