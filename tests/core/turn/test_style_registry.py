"""A turn style is one file: all that knows of styles asks the registry."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from daemon.config import loader
from daemon.config.error_messages import ConfigError
from daemon.core import events as ev
from daemon.core.turn import styles
from daemon.core.turn.style import TurnStyle
from daemon.core.turn.style_registry import STYLES
from daemon.realtime import events as wire
from daemon.realtime.events import Json
from daemon.service.composition import machine
from tests.core.rig import Rig


class Latch(TurnStyle):
    """A press opens the microphone and the next one closes it; stopping also mutes."""

    turn_detection: ClassVar[Json | None] = {"type": "semantic_vad"}
    needs_button: ClassVar[bool] = False
    how_to_ask: ClassVar[str] = "press, say {words}, and press again"

    def press(self, at: float, now: float) -> None:
        if self.talk.state == "listening":
            self.talk.listening.let_go(at, now)
        else:
            self.talk.listen(at, now)

    def second_tap(self, now: float) -> None:
        """Nothing."""

    def stop(self, now: float) -> None:
        self.mute(True, now)


@pytest.fixture(autouse=True)
def _latch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STYLES, "latch", Latch)


def click(rig: Rig) -> None:
    """A short press, with as long a pause behind it."""
    for pressed in (True, False):
        rig.edge(pressed)
        rig.wait(0.1)


def test_a_style_of_one_file_decides_what_the_button_does() -> None:
    rig = Rig(style="latch").start()
    click(rig)
    rig.capture(1.0)
    assert rig.machine.state == "listening"
    click(rig)
    rig.step(ev.CaptureEnded())
    assert [type(event) for event in rig.sent()] == [wire.AudioClear, wire.AudioCommit, wire.ResponseCreate]
    assert not rig.machine.muted


def test_it_decides_what_a_stop_does_and_a_press_in_vain_is_told() -> None:
    rig = Rig(style="latch").start()
    rig.step(ev.StopAsked())
    assert rig.machine.muted
    click(rig)
    assert [alert.message for alert in rig.found(ev.UserAlert)] == [
        "The microphone is muted; tap the button twice to open it."
    ]


def test_a_style_of_one_file_is_known_to_configuration_and_session() -> None:
    config = loader.parse('[realtime]\nturn = "latch"\n[gpio]\nbackend = "lgpio"\n', "voiced.toml")
    built = machine(config, [])
    updates = [
        effect.event.session
        for event in (ev.Start(), ev.Connected(1), ev.Received(1, wire.SessionCreated()))
        for effect in built.step(event, 0.0)
        if isinstance(effect, ev.Send) and isinstance(effect.event, wire.SessionUpdate)
    ]
    assert [update["audio"]["input"]["turn_detection"] for update in updates] == [{"type": "semantic_vad"}]
    with pytest.raises(ConfigError, match=r"button.pin: the key is missing"):
        loader.parse('[gpio]\nbackend = "lgpio"\n', "voiced.toml")
    detection = '[realtime.session.audio.input.turn_detection]\ntype = "server_vad"\n'
    with pytest.raises(ConfigError, match=r'write turn = "open" or "tap" or "latch"'):
        loader.parse(detection, "voiced.toml")
    loader.parse(f'[realtime]\nturn = "latch"\n{detection}', "voiced.toml")


def test_an_unknown_style_is_refused_and_editors_know_the_names() -> None:
    with pytest.raises(ConfigError, match=r"turn: 'hould' .*you mean .hold"):
        loader.parse('[realtime]\nturn = "hould"\n', "voiced.toml")
    known = loader.schema()["$defs"]["RealtimeConfig"]["properties"]["turn"]
    assert known["enum"] == list(STYLES)


def test_each_file_of_the_folder_is_a_style_and_says_how_one_asks() -> None:
    files = {path.stem for path in Path(*styles.__path__).glob("[!_]*.py")}
    assert set(STYLES) - {"latch"} == files
    for style in STYLES.values():
        assert "say {words}" in style.how_to_ask
