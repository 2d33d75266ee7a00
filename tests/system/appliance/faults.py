"""What breaks while it runs: frozen code, a stuck button, hardware that goes, disks that refuse."""

from __future__ import annotations

from daemon.telemetry.journal import RecordKind
from tests.system.appliance import doctor, judge
from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import OUTPUTS, Hands, Watched, must

chapter = Chapter("faults")
reboot = Chapter("reboot")

RESTART_S = 60.0
SAFE_S = 10.0
"""A board has 25 seconds and 2; what an emulated machine on a busy host took is told."""
MOST_LINES = 20
VOLUME = 30
PROCESS_EXIT = "98e322203f7a4ed290d09fe03c09fe15"  # systemd: the main process of a unit has ended


@chapter.scenario("kill -STOP: watchdog, restart, outputs safe")
def stopped(hands: Hands) -> Figures:
    return _frozen(
        hands, "kill -STOP $(systemctl show -p MainPID --value voiced); cut -d' ' -f1 /proc/uptime"
    )


@chapter.scenario("a frozen audio thread: watchdog, restart, outputs safe")
def frozen_audio(hands: Hands) -> Figures:
    return _frozen(hands, _freezer("audio"))


@chapter.scenario("a blocked event loop: watchdog, restart, outputs safe")
def blocked_loop(hands: Hands) -> Figures:
    return _frozen(hands, _freezer("main"))


def _freezer(thread: str) -> str:
    process = "$(systemctl show -p MainPID --value voiced)"
    frozen = f"/rig/out/frozen-{thread}"
    freeze = f"setsid /usr/bin/python3 -I /rig/guest/freeze.py {process} {thread} >{frozen} 2>&1 </dev/null &"
    return f"rm -f {frozen}; {freeze} until [ -s {frozen} ]; do sleep .1; done; cat {frozen}"


def _frozen(hands: Hands, freeze: str) -> Figures:
    """Switch the outputs on, freeze something, and see what the lines do until the service is back."""
    hands.await_brain()
    hands.all_on()
    before = hands.unit("MainPID")["MainPID"]
    hands.mark()
    with hands.watching(sound=False) as seen:
        frozen = float(hands.machine.run(freeze))
        hands.await_restart(before)
        ready = hands.await_ready()
    killed = hands.systemd_record(PROCESS_EXIT)
    started = int(hands.unit("ExecMainStartTimestampMonotonic")["ExecMainStartTimestampMonotonic"]) / 1e6
    safe = kill_to_safe_s(seen, killed)
    must(safe <= SAFE_S, f"outputs were safe {safe:.1f} s after the kill")
    must(started - frozen <= RESTART_S, f"restart {started - frozen:.1f} s after the freeze")
    must(not hands.unit_failures(), f"ExecStopPost: {hands.unit_failures()}")
    return {
        "freeze_to_kill_s": round(killed - frozen, 1),
        "freeze_to_restart_s": round(started - frozen, 1),
        "restart_to_ready_s": round(ready - started, 1),
        "kill_to_safe_s": safe,
    }


def kill_to_safe_s(seen: Watched, killed: float) -> float:
    """How long after the kill every output was safe, and stayed so. Raises NotHeldError."""
    after = seen.lines.since(killed)
    settled = {line: after.settled(line, level) for line, level in OUTPUTS.items()}
    must(None not in settled.values(), f"not every output is safe: {settled}")
    return round(max(max(0.0, at - killed) for at in settled.values() if at is not None), 2)


@chapter.scenario("ExecStopPost drives an output to its safe level against a hostile pull")
def hostile_pull(hands: Hands) -> Figures:
    """A freed line goes where its pull draws it: it must have been driven; where it ends is told."""
    hands.await_brain()
    hands.all_on()
    hands.pull_outputs_on()
    before = hands.unit("MainPID")["MainPID"]
    hands.mark()
    with hands.watching(sound=False) as seen:
        hands.machine.run("systemctl kill --kill-whom=main --signal=KILL voiced")
        hands.await_restart(before)
    killed = hands.systemd_record(PROCESS_EXIT)
    started = int(hands.unit("ExecMainStartTimestampMonotonic")["ExecMainStartTimestampMonotonic"]) / 1e6
    hands.mend_pulls()
    dead = seen.lines.since(killed, started)
    driven = {line: dead.first(line, level) for line, level in OUTPUTS.items()}
    must(None not in driven.values(), f"not every output was driven: {driven}")
    took = max(at - killed for at in driven.values() if at is not None)
    must(took <= SAFE_S, f"outputs were driven {took:.1f} s after the kill")
    held = all(dead.settled(line, level) is not None for line, level in OUTPUTS.items())
    return {"kill_to_driven_s": round(took, 2), "held_after_exit": held}


@chapter.scenario("a stuck button ends its utterance, is shown, told by doctor, and costs nothing more")
def stuck_button(hands: Hands) -> Figures:
    hands.mark()
    hands.press()
    status = hands.await_fault("button", 60)
    hands.wait(10)
    turns = len(hands.records(RecordKind.TURN))
    doctor.found(hands, "V405")
    with hands.watching(sound=False) as seen:
        hands.wait(4)
    hands.release()
    hands.await_fault(None, 30)
    must(turns <= 1, f"{turns} turns while the button was stuck")
    must("other" in seen.moods and "listening" not in seen.moods, f"the lamp showed {' '.join(seen.moods)}")
    return {"turns": turns, "told": status["faults"]["button"]}


@chapter.scenario("the sound card goes and comes back: told, shown, and heard again")
def sound_card(hands: Hands) -> Figures:
    driver = "/sys/bus/platform/drivers/snd_aloop"
    hands.await_brain()
    hands.mark()
    hands.machine.run(f"echo snd_aloop.0 >{driver}/unbind")
    hands.await_fault("speaker", 60)
    hands.press()
    hands.wait(1)
    hands.release()
    hands.wait(10)
    lines = len(hands.records())
    hands.machine.run(f"echo snd_aloop.0 >{driver}/bind")
    began = hands.now()
    hands.await_fault(None, 90)
    back = hands.now() - began
    with hands.watching() as seen:
        hands.machine.run("voiced say 'I am back.'", 180)
    spoken_s = judge.spoken_s(seen.sound)
    must(lines <= MOST_LINES, f"{lines} lines in the journal while the card was away")
    must(spoken_s > 0.3, f"{spoken_s} s of sound are no speech")
    return {"journal_lines": lines, "back_s": round(back, 1), "spoken_s": spoken_s}


@chapter.scenario("the gpiochip goes and comes back: told, no flood in the journal, the button works again")
def gpiochip(hands: Hands) -> Figures:
    hands.write("set the fan to 40 percent")  # lgpio, while it pulses, must not flood the journal either
    hands.mark()
    hands.machine.run("/usr/local/lib/rig/pins down")
    hands.await_fault("pins", 60)
    hands.wait(15)
    lines = len(hands.records())
    hands.machine.run("/usr/local/lib/rig/pins up")
    began = hands.now()
    hands.await_fault(None, 60)
    back = hands.now() - began
    must(lines <= MOST_LINES, f"{lines} lines in the journal while the chip was away")
    hands.must_listen()
    hands.write("turn off the fan")
    return {"journal_lines": lines, "back_s": round(back, 1)}


@chapter.scenario("a full disk: turns go on, mute works, a restart works")
def full_disk(hands: Hands) -> Figures:
    try:
        hands.machine.run("fallocate -l $(df --output=avail -B1 / | tail -n1) /var/filler")
        hands.machine.run("cat /dev/zero >/var/rest 2>/dev/null || sync", 300)
        free = hands.machine.run("df --output=avail / | tail -n1")
        must(int(free) == 0, f"{free} KB are free")
        hands.double_tap()
        hands.await_status(True, "muted", 30)
        hands.double_tap()
        hands.await_status(False, "muted", 30)
        hands.machine.run("systemctl restart voiced", 180)
        hands.await_ready()
        hands.must_listen()
    finally:
        hands.machine.run("rm -f /var/filler /var/rest")
    return {"free_kb": int(free)}


@reboot.scenario("a reboot, to a read-only root: mute and volume have survived, READY, and the button works")
def read_only(hands: Hands) -> Figures:
    """On a machine of its own, which stays as it is."""
    hands.machine.run("mount -o remount,rw /")  # at another try
    hands.set_volume(VOLUME)
    hands.double_tap()
    hands.await_status(True, "muted", 20)
    ready = hands.reboot(append="ro systemd.mask=systemd-remount-fs.service")
    must(hands.machine.call("touch /var/probe").status, "the root can be written")
    hands.await_brain()  # while it loads, an emulated machine is too slow for two taps
    status = hands.status()
    must(status["muted"] and status["volume"] == VOLUME, f"after the reboot {status}")
    hands.double_tap()
    hands.await_status(False, "muted", 30)
    hands.must_listen()
    return {"ready_at_s": round(ready, 1), "volume": status["volume"]}
