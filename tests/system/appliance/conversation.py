"""What a person may do besides asking: interrupt, mute, press at once, have no network."""

from __future__ import annotations

from daemon.telemetry.journal import RecordKind
from tests.system.appliance import judge
from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import DOWN, FAN, LAMP, UP, Hands, must

chapter = Chapter("conversation")

LONG = (
    "This is a long story about a small box in a kitchen. One day it began to speak and did not stop. "
    "It went on and on until the evening came. Then it told the same story again. Nobody was bored at all."
)
NETWORK_S = 90
QUIET_S = 3.0
"""A board has a tenth of a second; an emulated one plays a longer buffer, and what it took is told."""


@chapter.scenario("the button interrupts: silence at once, and the turn is recorded as interrupted")
def barge_in(hands: Hands) -> Figures:
    hands.await_brain()
    hands.mark()
    with hands.watching() as seen:
        speech = hands.machine.start(f"voiced say '{LONG}'")
        pressed = hands.react("speaking", "sleep .5; " + DOWN)
        hands.wait(8)  # long enough for another sentence, and shorter than max_utterance_s
    ended = hands.now()
    hands.release()
    speech.result(60)
    loud = judge.loudness(seen.sound) > judge.SPOKEN_LEVEL
    must(loud.any(), "nothing was heard before the press")
    after_s = ended - pressed - float(loud[::-1].argmax()) * judge.FRAME_S
    must(after_s < QUIET_S, f"sound until {after_s:.1f} s after the press")
    record = hands.record(RecordKind.TURN, 30)
    must(record.get("VOICED_INTERRUPTED") == "1", f"the journal says {record['MESSAGE']}")
    must(judge.in_order(("speaking", "listening"), seen.moods), f"the lamp showed {' '.join(seen.moods)}")
    return {"spoken_s": judge.spoken_s(seen.sound), "sound_after_press_s": round(after_s, 1)}


@chapter.scenario("a double tap mutes, with the lamp, and another one ends it")
def mute(hands: Hands) -> Figures:
    hands.await_brain()  # while it loads, an emulated machine is too slow for two taps
    hands.double_tap()
    hands.await_status(True, "muted", 20)
    with hands.watching(sound=False) as seen:
        hands.wait(2)
    must("muted" in seen.moods, f"the lamp showed {' '.join(seen.moods)}")
    hands.double_tap()
    hands.await_status(False, "muted", 20)
    return {}


@chapter.scenario("a level between off and full pulses its line; full does not")
def pulses(hands: Hands) -> Figures:
    hands.await_brain()
    duty = {}
    for percent in (40, 100):
        hands.write(f"set the fan to {percent} percent")
        with hands.watching(sound=False) as seen:
            hands.wait(3)
        duty[percent] = round(seen.lines.means((FAN,))[0], 2)
    must(0.2 < duty[40] < 0.6 and duty[100] == 1.0, f"of its time the line was high: {duty}")
    return {f"duty_at_{percent}": part for percent, part in duty.items()}


@chapter.scenario("a press in the first second after READY is answered")
def first_second(hands: Hands) -> Figures:
    hands.late_network(NETWORK_S)
    hands.machine.reboot()
    hands.mark()
    ready = "until systemctl -q is-active voiced; do sleep .1; done; cut -d' ' -f1 /proc/uptime"
    clip = hands.playing("flite-slt_cmd00")
    pressed = float(hands.machine.run(f"{ready}; {DOWN}; sleep .4; {clip}; sleep .4; {UP}", 300))
    record = hands.record(RecordKind.TURN, 300)
    must(hands.level(LAMP) == 1, f"the relay's line is low; {record['MESSAGE']}")
    figures = hands.start_figures()
    return {"ready_to_press_s": round(pressed - figures["ready_at_s"], 1), **figures}


@chapter.scenario("READY comes before the network")
def before_the_network(hands: Hands) -> Figures:
    ready = hands.await_ready()
    stamp = "ActiveEnterTimestampMonotonic"
    state = hands.unit(stamp, "ActiveState", unit="network-online.target")
    network = int(state[stamp]) / 1e6
    must(state["ActiveState"] != "active" or network > ready, f"network {network:.0f} s, READY {ready:.0f} s")
    return {"ready_at_s": round(ready, 1), "network_at_s": round(network, 1) or "not yet"}
