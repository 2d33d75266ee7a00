"""The style `open` in the sound path: what may be speech goes to the wire, and how the settings say so."""

from __future__ import annotations

import pytest

from daemon.audio.pcm import from_pcm16
from daemon.config import loader
from daemon.core import events as ev
from daemon.realtime import events as wire
from daemon.service import composition
from daemon.service.audio_streams import CaptureStream, StreamEvents
from hardware.ports import Mono
from tests.audio.test_voice_gate import noise, vowel

RATE_HZ = 24_000
PERIOD = RATE_HZ // 100
SEMANTIC = '[realtime.session.audio.input.turn_detection]\ntype = "semantic_vad"\neagerness = "high"\n'


class Wire:
    """Takes what the microphone's stream hands over."""

    def __init__(self, text: str) -> None:
        config = loader.parse(f"[realtime]\n{text}", "voiced.toml")
        events = StreamEvents(self._posted, lambda: None, lambda: None, lambda kind: None, lambda: 0.0)
        self.sound: list[Mono] = []
        self.ended = 0
        self.stream = CaptureStream(events, "minimum", None, composition.voice_gate(config))
        self.stream.opened(RATE_HZ)

    def hears(self, sound: Mono) -> float:
        """The microphone captures this; returns how many seconds of it are sent."""
        before = sum(map(len, self.sound))
        for start in range(0, len(sound), PERIOD):
            self.stream.frames(sound[start : start + PERIOD])
        return (sum(map(len, self.sound)) - before) / RATE_HZ

    def _posted(self, event: ev.Input) -> None:
        match event:
            case ev.Captured(pcm):
                self.sound.append(from_pcm16(pcm))
            case ev.CaptureEnded():
                self.ended += 1


@pytest.mark.parametrize("turn", ["hold", "tap"])
def test_where_the_user_says_when_all_is_sent(turn: str) -> None:
    assert Wire(f'turn = "{turn}"\n').hears(noise(10.0)) >= 9.9


def test_where_it_is_open_a_silent_room_is_not_sent() -> None:
    sent = Wire('turn = "open"\n')
    assert sent.hears(noise(30.0)) <= 2.0
    for number in range(20):
        sent.stream.ended()
        assert sent.hears(noise(10.0, seed=number)) <= 0.2
    assert sent.ended == 20


def test_the_owner_may_have_all_of_it_sent() -> None:
    assert Wire('turn = "open"\nsend_silence = true\n').hears(noise(10.0)) >= 9.9


@pytest.mark.parametrize(
    ("text", "silence_s"), [("", 0.5), (SEMANTIC, 2.0)], ids=["server_vad", "semantic_vad"]
)
def test_the_silence_that_the_server_needs_is_sent_behind_a_word(text: str, silence_s: float) -> None:
    sent = Wire(f'turn = "open"\n{text}')
    sent.hears(noise(8.0))
    room = noise(8.0, seed=3)
    room[RATE_HZ : 2 * RATE_HZ] += vowel(1.0)
    sent_s = sent.hears(room)
    assert 1.0 + silence_s + 0.3 <= sent_s <= 1.0 + silence_s + 1.5
    assert 0.3 <= sent.hears(noise(4.0, seed=4)) + 0.3 <= 0.5


@pytest.mark.parametrize(
    ("sound", "detection", "full_duplex"),
    [
        ("", "", False),
        ('[sound]\necho = "card"\n', "", True),
        ('[sound]\necho = "card"\n', "interrupt_response = false\n", False),
    ],
    ids=["no echo cancellation", "by the card", "the owner wants no interruptions"],
)
def test_who_can_be_heard_during_an_answer_may_interrupt_it(
    sound: str, detection: str, full_duplex: bool
) -> None:
    table = '[realtime.session.audio.input.turn_detection]\ntype = "server_vad"\n'
    text = f'[realtime]\nturn = "open"\n{sound}{table}{detection}'
    machine = composition.machine(loader.parse(text, "voiced.toml"), [])
    said = wire.OutputAudioDelta(response_id="r", item_id="i", delta=b"\1\0" * RATE_HZ)
    before: tuple[ev.Input, ...] = (
        ev.Start(),
        ev.Connected(1),
        *(ev.Received(1, each) for each in (wire.SessionCreated(), wire.SessionUpdated())),
        ev.Opened("wake", 0.0),
        *(ev.Received(1, each) for each in (wire.SpeechStarted(), wire.AudioCommitted(item_id="u"))),
        ev.Received(1, wire.ResponseCreated(response=wire.Response(id="r"))),
    )
    for event in before:
        machine.step(event, 0.0)
    captures = [each for each in machine.step(ev.Received(1, said), 0.0) if isinstance(each, ev.SetCapture)]
    assert captures == [ev.SetCapture(True)] * full_duplex
