"""The brain as a server: the official client, two kinds of socket, the limits of a connection."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.audio.resampler import Resampler
from daemon.brain.engine_registry import open_recognizer, open_synthesizer
from daemon.brain.server.engine_pool import Engines
from daemon.brain.server.handshake import PATH
from daemon.brain.server.server import Brain, serve
from daemon.brain.tts.synthesizer import Mono24k
from daemon.network.handshake import brain_engine
from tests.brain.scripted import LAMP_AND_FAN, ScriptedEar, ToneVoice, serving
from tests.brain.talk import PATIENCE_S, SECOND_OF_SILENCE, asynchronous
from tests.realtime.oracle import violations

LAMP_CLIP = Path(__file__).parents[1] / "clips" / "flite-slt_cmd00.wav"


class Client:
    """The official client's connection, and what came by it."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.wire = connection
        self.log: list[str] = []

    async def until(self, name: str) -> Any:
        """The next event of this type."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event = await self.wire.recv()
                self.log.append(json.dumps({"dir": "server", "event": event.to_dict(mode="json")}))
                if event.type == name:
                    return event

    async def configure(self) -> None:
        """A push button's session with two devices."""
        await self.until("session.created")
        session: Any = {
            "type": "realtime",
            "tools": LAMP_AND_FAN,
            "audio": {"input": {"turn_detection": None}},
        }
        await self.wire.session.update(session=session)
        await self.until("session.updated")

    async def answer(self) -> Any:
        """Have the conversation answered; the finished response."""
        await self.wire.response.create()
        return (await self.until("response.done")).response

    async def type(self, text: str) -> None:
        """Put a typed message into the conversation."""
        item: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.wire.conversation.item.create(item=item)


@contextlib.asynccontextmanager
async def official(url: str) -> AsyncIterator[Client]:
    """The official client at this server; the oracle judges all that it received."""
    base = url.removesuffix("/realtime")
    async with (
        AsyncOpenAI(api_key="unused", websocket_base_url=base) as openai,
        openai.realtime.connect(model="gpt-realtime") as connection,
    ):
        client = Client(connection)
        await client.configure()
        yield client
    assert violations(client.log) == []


@asynchronous
async def test_the_official_client_holds_a_typed_turn_with_a_scripted_ear() -> None:
    async with serving(ScriptedEar()) as url, official(url) as client:
        await client.type("what can you do")
        done = await client.answer()
        assert "lamp" in done.output[0].content[0].transcript


@asynchronous
async def test_the_official_client_holds_a_spoken_turn_with_a_scripted_ear() -> None:
    async with serving(ScriptedEar(["what can you do"])) as url, official(url) as client:
        await client.wire.input_audio_buffer.append(audio=SECOND_OF_SILENCE)
        await client.wire.input_audio_buffer.commit()
        await client.wire.response.create()
        delta = await client.until("response.output_audio.delta")
        assert base64.b64decode(delta.delta)
        assert (await client.until("response.done")).response.status == "completed"


@asynchronous
async def test_the_official_client_holds_a_tool_turn_with_a_scripted_ear() -> None:
    async with serving(ScriptedEar(["turn on the lamp"])) as url, official(url) as client:
        await client.wire.input_audio_buffer.append(audio=SECOND_OF_SILENCE)
        await client.wire.input_audio_buffer.commit()
        (call,) = (await client.answer()).output
        assert (call.name, json.loads(call.arguments)) == ("set_device", {"device": "lamp", "state": "on"})
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "The lamp is on."}
        await client.wire.conversation.item.create(item=output)
        assert (await client.answer()).output[0].content[0].transcript == "The lamp is on."


class HeldVoice(ToneVoice):
    """Speaks one sentence and holds the next back until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self._spoken = 0

    def speak(self, sentence: str, speed: float) -> Mono24k:
        self._spoken += 1
        if self._spoken == 2:
            self.let_go.wait(PATIENCE_S)
        return super().speak(sentence, speed)


@asynchronous
async def test_the_official_client_cancels_a_turn_with_a_scripted_ear_and_voice() -> None:
    voice = HeldVoice()
    async with serving(ScriptedEar(), voice=lambda: voice) as url, official(url) as client:
        await client.type("mumble")
        await client.wire.response.create()
        await client.until("response.output_audio.delta")
        await client.wire.response.cancel()
        done = (await client.until("response.done")).response
        assert (done.status, done.status_details.reason) == ("cancelled", "client_cancelled")
        voice.let_go.set()
        await client.type("what can you do")
        assert (await client.answer()).status == "completed"


@asynchronous
async def test_the_official_client_is_heard_and_answered_by_the_real_ear_and_voice() -> None:
    with wave.open(str(LAMP_CLIP)) as file:
        resampler = Resampler(file.getframerate(), 24_000)
        pcm = to_pcm16(resampler.process(from_pcm16(file.readframes(file.getnframes()))))
    engines = Engines(lambda: open_recognizer("small"), lambda: open_synthesizer("hibari"))
    async with (
        serve("127.0.0.1:0", Brain(engines)) as url,
        official(url) as client,
    ):
        await client.wire.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())
        await client.wire.input_audio_buffer.commit()
        (call,) = (await client.answer()).output
        assert json.loads(call.arguments) == {"device": "lamp", "state": "on"}
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "The lamp is on."}
        await client.wire.conversation.item.create(item=output)
        await client.wire.response.create()
        delta = await client.until("response.output_audio.delta")
        assert max(abs(from_pcm16(base64.b64decode(delta.delta)))) > 0.01
        await client.until("response.done")


@asynchronous
async def test_sessions_are_apart_from_each_other() -> None:
    async with serving(ScriptedEar()) as url, official(url) as one, official(url) as other:
        await one.type("turn on the lamp")
        await other.type("turn on the fan")
        first, second = await asyncio.gather(one.answer(), other.answer())
        assert json.loads(first.output[0].arguments)["device"] == "lamp"
        assert json.loads(second.output[0].arguments)["device"] == "fan"


@asynchronous
async def test_a_unix_socket_serves_too_and_replaces_a_dead_one(tmp_path: Path) -> None:
    path = tmp_path / "brain.sock"
    for _ in range(2):
        async with serving(ScriptedEar(), listen=f"unix:{path}") as url:
            assert url == f"unix:{path}"
            async with websockets.unix_connect(str(path), f"ws://localhost{PATH}?model=here") as connection:
                created = json.loads(await connection.recv())
        assert created["session"]["model"] == "here"


@asynchronous
async def test_other_paths_are_not_found() -> None:
    async with serving(ScriptedEar()) as url:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url.replace("realtime", "live"))
        assert refused.value.response.status_code == 404


@asynchronous
async def test_a_session_ends_at_its_limit_with_the_documented_error() -> None:
    async with serving(ScriptedEar(), max_session_s=0.2) as url, websockets.connect(url) as connection:
        events = [json.loads(frame) async for frame in connection]
        assert events[-1]["error"]["code"] == "session_expired"
        assert connection.close_code == 1001
        assert connection.close_reason == events[-1]["error"]["message"]


def test_an_address_that_is_none_is_refused() -> None:
    async def listen(address: str) -> None:
        async with serving(ScriptedEar(), listen=address):
            pass

    for address in ("nowhere", "localhost", "localhost:http", ""):
        with pytest.raises(ValueError, match="HOST:PORT or unix:PATH"):
            asyncio.run(listen(address))


@pytest.fixture
def brain() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(listen: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "daemon", "brain", "--listen", listen, "--voice", "espeak"]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_command_says_where_it_listens_and_ends_by_the_signal(brain: Any, tmp_path: Path) -> None:
    process = brain(f"unix:{tmp_path}/brain.sock")
    assert process.stderr.readline() == f"listening on unix:{tmp_path}/brain.sock\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == -signal.SIGTERM


def test_our_own_service_is_told_which_engine_answers() -> None:
    async def engine_of(told: str) -> str:
        engines = Engines(lambda: ScriptedEar(()), ToneVoice)
        async with (
            serve("127.0.0.1:0", Brain(engines, engine=told)) as url,
            websockets.connect(url) as connection,
        ):
            assert connection.response is not None
            return brain_engine(connection.response.headers)

    assert [asyncio.run(engine_of(told)) for told in ("both", "small", "")] == ["both", "small", ""]


def test_the_command_says_why_it_cannot_listen(brain: Any, tmp_path: Path) -> None:
    process = brain(f"unix:{tmp_path}/nowhere/brain.sock")
    assert "No such file" in process.stderr.read()
    assert process.wait(PATIENCE_S) == 2
