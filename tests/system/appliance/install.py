"""From a bare machine to the first spoken answer."""

from __future__ import annotations

from daemon.telemetry.journal import RecordKind
from tests.system.appliance import judge
from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import HEATER, LAMP, OWNER, Hands, must

chapter = Chapter("install")

INSTALL_S = 900.0


@chapter.scenario("sudo apt install ./voiced*.deb, as in the README, without a network; READY", smoke=True)
def install(hands: Hands) -> Figures:
    run = hands.machine.run
    run("ip -brief link | grep -v ^lo && exit 1 || true")
    run(
        "rm -f /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] file:/rig/pantry ./' >/etc/apt/sources.list"
    )
    run("apt-get -qq -o Acquire::Languages=none update")
    run(f"id {OWNER} 2>/dev/null || useradd --create-home --shell /bin/bash --groups sudo {OWNER}")
    run(f"echo '{OWNER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/owner; cp /rig/debs/voiced*.deb ~{OWNER}")
    began = hands.now()
    command = "sudo apt install ./voiced*_amd64.deb"
    status, shown = hands.at_terminal(command, [("Continue?", "type y")], INSTALL_S)
    must(status == 0, shown)
    took = hands.now() - began
    hands.await_ready()
    run("install -o root -g voiced -m 640 /rig/appliance.toml /etc/voiced/voiced.toml")
    run("systemctl restart voiced", 240)
    hands.await_ready()
    return {"install_s": round(took), **hands.start_figures()}


@chapter.scenario("press, speak, let go: relay on, spoken answer, right lamp, a record of it", smoke=True)
def turn(hands: Hands) -> Figures:
    hands.await_brain()
    before = hands.level(LAMP)
    hands.mark()
    with hands.watching() as seen:
        hands.ask("flite-slt_cmd00")  # turn on the lamp
        record = hands.record(RecordKind.TURN)
        hands.wait(2)
    released = seen.released
    on = seen.lines.since(released).first(LAMP, 1)
    must(before == 0 and on is not None, f"the relay's line has not risen; {record['MESSAGE']}")
    must(seen.lines.first(HEATER, 0) is None, "the heater's relay has moved too")
    spoken_s = judge.spoken_s(seen.sound)
    must(spoken_s > 0.4, f"{spoken_s} s of sound are no answer")
    wanted = ("listening", "thinking", "speaking", "idle")
    must(judge.in_order(wanted, seen.moods), f"the lamp showed {' '.join(seen.moods)}")
    must("set_device" in record.get("VOICED_TOOLS", ""), f"the journal says {record['MESSAGE']}")
    assert on is not None
    hands.write("turn off the lamp")
    return {"release_to_relay_s": round(on - released, 1), "spoken_s": spoken_s}
