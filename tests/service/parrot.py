"""A Realtime server that hears, calls, says and complains what it is told to, on a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from daemon.realtime import events as wire
from daemon.realtime.codec import decode_client, encode
from daemon.realtime.events import Content, ErrorDetail, InputTokens, Item, OutputTokens, Response, Usage

Json: TypeAlias = dict[str, Any]
USAGE = Usage(
    total_tokens=190,
    input_tokens=150,
    output_tokens=40,
    input_token_details=InputTokens(text_tokens=130, audio_tokens=20),
    output_token_details=OutputTokens(text_tokens=10, audio_tokens=30),
)


class Parrot:
    """One question, one call of the tool with these arguments, then this reply."""

    def __init__(self, heard: str, tool: str, arguments: Json, reply: str, complaint: str) -> None:
        self.heard = heard
        self.tool, self.arguments = tool, json.dumps(arguments)
        self.reply = reply
        self.complaint = complaint
        self.outputs: list[str] = []
        self.headers: list[str] = []
        self._calls = 0
        self._sockets: list[ServerConnection] = []

    def hang_up(self) -> None:
        """On everybody."""
        for socket in self._sockets:
            socket.close()

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The address while it listens."""
        with serve(self._talk, "127.0.0.1", 0, compression=None) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/v1/realtime"
            server.shutdown()
            thread.join()

    def _talk(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self._sockets.append(socket)
        self.headers += [value for _, value in socket.request.headers.raw_items()]
        socket.send(encode(wire.SessionCreated(session={"id": "sess_1"})), text=True)
        with suppress(ConnectionClosed):
            for frame in socket:
                for event in self._answer(decode_client(frame)):
                    socket.send(encode(event), text=True)

    def _answer(self, event: wire.ClientEvents) -> Iterator[wire.ServerEvent]:
        match event:
            case wire.SessionUpdate():
                yield wire.SessionUpdated()
                yield wire.Error(error=ErrorDetail(type="odd", message=self.complaint))
            case wire.AudioCommit():
                yield wire.AudioCommitted(item_id="heard_1")
                yield wire.TranscriptionCompleted(item_id="heard_1", transcript=self.heard)
            case wire.ItemCreate(item=Item(type="function_call_output", output=output)):
                self.outputs.append(str(output))
            case wire.ResponseCreate():
                yield from self._respond()

    def _respond(self) -> Iterator[wire.ServerEvent]:
        """Every other answer is the call, those between are the reply to it."""
        self._calls += 1
        number = f"{self._calls}"
        response = f"resp_{number}"
        yield wire.ResponseCreated(response=Response(id=response, status="in_progress"))
        if self._calls % 2:
            name, arguments = self.tool, self.arguments
            item = Item(type="function_call", call_id=f"call_{number}", name=name, arguments=arguments)
        else:
            content = [Content(type="output_audio", transcript=self.reply)]
            item = Item(id=f"item_{number}", type="message", role="assistant", content=content)
            tone = (3000 * np.sin(np.arange(6000) / 10)).astype("<i2").tobytes()
            where = {"response_id": response, "item_id": f"item_{number}"}
            middle = len(self.reply) // 2
            for piece in (self.reply[:middle], self.reply[middle:]):
                yield wire.OutputTranscriptDelta(**where, delta=piece)  # type: ignore[arg-type]
            yield wire.OutputAudioDelta(**where, delta=tone)  # type: ignore[arg-type]
        done = Response(id=response, status="completed", output=[item], usage=USAGE)
        yield wire.ResponseDone(response=done)
