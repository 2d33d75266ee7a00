"""The README's way to an appliance, typed word for word by a new owner at a terminal."""

from __future__ import annotations

from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import DOWN, UP, Hands, must

chapter = Chapter("owner")

ANSWERS_S = 600.0


@chapter.scenario("sudo voiced setup, as in the README: tones, speech, a press, two relays, a first turn")
def setup(hands: Hands) -> Figures:
    """Enter where the default is right; the configuration of the package is what it begins with."""
    hands.await_brain()
    hands.machine.run(
        "install -o root -g voiced -m 640 /usr/share/voiced/voiced.toml /etc/voiced/voiced.toml"
    )
    say, press = hands.playing("flite-slt_cmd00"), f"sleep 1; {DOWN}; sleep .5; {UP}"
    ask = f"sleep 1; {DOWN}; sleep .4; {hands.playing('espeak-us-f3_cmd03')}; sleep .4; {UP}"
    script = [
        ("three tones?", "type "),
        ("for three seconds", f"do sleep .5; {say}"),
        ("Press the button", f"do {press}"),
        ("Add a device", "type relay lamp 22 high"),
        ("Add a device", "type relay heater 24"),
        ("Add a device", "type "),
        ("Who answers", "type "),
        ("Now hold the button", f"do {ask}"),
    ]
    status, shown = hands.at_terminal("sudo voiced setup", script, ANSWERS_S)
    must(status == 0, f"exit status {status}: {shown}")
    for line in ("pressed and released", "heard: what time is it", "It works."):
        must(line in shown, f"no {line!r}: {shown}")
    written = hands.machine.run("cat /etc/voiced/voiced.toml")
    for line in ('chip = "auto"', "[devices.lamp]", "[devices.heater]", "active_high = false"):
        must(line in written, f"no {line!r} in the configuration")
    hands.await_fault(None, 60)
    turns = hands.machine.run("voiced log --since 10m")
    must("what" not in turns, "the log tells what was said")
    return {"log": turns.splitlines()[-1]}
