"""How long the user waited for each step of a turn, to the hundredth: the first of each kind counts."""

from __future__ import annotations

from daemon.core import events as ev
from tests.core.rig import Rig


def test_each_wait_of_a_turn_is_measured_from_what_came_before_it() -> None:
    rig = Rig().start()
    rig.edge(True)
    for _ in range(5):
        rig.wait(0.1)
        rig.capture(0.1)
    rig.edge(False)
    rig.wait(0.05)
    rig.step(ev.CaptureEnded())
    rig.wait(0.6)
    rig.reply()
    rig.wait(0.2)
    rig.step(ev.PlaybackStarted(rig.keys["item_1"], rig.now))
    rig.wait(0.3)
    rig.reply(item="item_2")
    rig.step(ev.PlaybackStarted(rig.keys["item_2"], rig.now))
    rig.done()
    rig.step(ev.PlaybackDrained(("item_1", "item_2")))
    (over,) = rig.found(ev.TurnOver)
    waits = {name: waited for name, waited in over.turn.items() if "_to_" in name}
    assert waits == {
        "press_to_first_frame_ms": 100.0,
        "release_to_commit_ms": 50.0,
        "commit_to_first_delta_ms": 600.0,
        "first_delta_to_sound_ms": 200.0,
    }


def test_sound_of_nobody_s_turn_is_measured_for_none() -> None:
    rig = Rig().start()
    rig.step(ev.PlaybackStarted("item_0", rig.now))
    assert rig.machine.state == "idle"
