"""The head of an utterance: what is said from the press on reaches the server whole, in every turn style.

A story that lacks its first word is a command: "(who) turned on the lamp".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from daemon.core import events as ev
from daemon.core.turn.style_registry import STYLES
from daemon.realtime import events as wire
from daemon.service.audio_streams import CaptureStream, StreamEvents
from hardware.ports import Mono
from tests.core.rig import Rig

PIECE_S = 0.02
HEAD = [np.full(480, number, "<i2").tobytes() for number in range(1, 11)]
"""The first 200 ms, each piece unlike all others."""

Before = Callable[[Rig], None]


def question(rig: Rig) -> None:
    """A question has been spoken and is not answered yet."""
    rig.speak()
    rig.receive(wire.SpeechStarted(), wire.SpeechStopped(), wire.AudioCommitted(item_id="item_0"))
    rig.wait(0.5)


def answer(rig: Rig) -> None:
    """The answer to a question is being spoken."""
    question(rig)
    rig.reply()
    assert rig.machine.state == "speaking"


def dropped_link(rig: Rig) -> None:
    """The connection is gone, and comes back while the user speaks."""
    rig.lose()


def nothing(rig: Rig) -> None:
    """The appliance is idle."""


def sent_since_cleared(rig: Rig) -> bytes:
    """The audio that the server has: what was sent since its buffer was emptied, on the last connection."""
    sound = b""
    for effect in rig.found(ev.Send):
        match effect.event:
            case wire.AudioClear():
                sound = b""
            case wire.AudioAppend(audio=pcm) if effect.conn == rig.conn:
                sound += pcm
    return sound


def press(rig: Rig) -> None:
    """Press the button; once more where the first press closes a conversation without hands."""
    rig.clear()
    rig.edge(True)
    if rig.machine.state != "listening":
        rig.edge(False)
        rig.wait(2.0)
        rig.clear()
        rig.edge(True)
    assert rig.found(ev.SetCapture) == [ev.SetCapture(True)]


def speak_at_once(rig: Rig) -> None:
    """The microphone gives sound from now on, and all of it must reach the server."""
    for piece in HEAD:
        rig.step(ev.Captured(piece))
        rig.wait(PIECE_S)
    if rig.machine.link != "ready":
        rig.connect()
        rig.step(ev.Captured(HEAD[-1]))
    assert sent_since_cleared(rig).find(b"".join(HEAD)) >= 0


@pytest.mark.parametrize("before", [nothing, answer, question, dropped_link])
@pytest.mark.parametrize("style", STYLES)
def test_all_that_the_microphone_gives_from_the_press_on_reaches_the_server(
    style: str, before: Before
) -> None:
    rig = Rig(style=style).start()
    before(rig)
    press(rig)
    speak_at_once(rig)


def test_all_that_it_gives_when_it_opens_again_after_an_answer_reaches_the_server() -> None:
    rig = Rig(style="open").start()
    answer(rig)
    rig.clear()
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1",)))
    rig.wait(1.0)
    assert rig.machine.state == "listening"
    assert ev.SetCapture(True) in rig.found(ev.SetCapture)
    speak_at_once(rig)


class Heard:
    """Takes what a capture stream hands over."""

    def __init__(self) -> None:
        self.pcm = b""

    def post(self, event: ev.Input) -> None:
        if isinstance(event, ev.Captured):
            self.pcm += event.pcm


@pytest.mark.parametrize("period_frames", [240, 480, 960])
def test_the_first_period_of_each_utterance_is_handed_over_at_once_and_none_is_lost(
    period_frames: int,
) -> None:
    heard = Heard()
    stream = CaptureStream(
        StreamEvents(heard.post, lambda: None, lambda: None, lambda _kind: None, lambda: 0.0), "minimum"
    )
    stream.opened(24_000)
    ramp: Mono = np.arange(1, 4801, dtype=np.float32) / np.float32(32768)
    for _ in range(3):
        heard.pcm = b""
        for start in range(0, len(ramp), period_frames):
            stream.frames(ramp[start : start + period_frames])
            if start == 0:
                assert len(heard.pcm) == 2 * period_frames
        stream.ended()
        assert np.frombuffer(heard.pcm, "<i2").tolist() == list(range(1, 4801))
