"""From the package of the last release to this one, killed on the way in the middle of a turn.

Someone holds the button and speaks, and the outputs are on, whenever it is killed.
"""

from __future__ import annotations

from typing import Final

from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.faults import PROCESS_EXIT, kill_to_safe_s
from tests.system.appliance.hands import DOWN, OUTPUTS, READY_S, Hands, must
from tests.system.appliance.packages import APT_S, apt

chapter = Chapter("from_release")

RELEASED: Final = "0.1.0"
OLD: Final = f"/rig/debs/{RELEASED}/voiced*.deb"
NEW: Final = "/rig/debs/voiced*.deb"
VOLUME: Final = 55
SAFE_WITHIN_S: Final = 30.0
"""Within this on an emulated machine on a busy host; what it took is told."""
FIRST: Final = "daemon/audio/__init__.py"
LAST: Final = "hardware/sound/pcm_thread.py"
"""Files that only the new version has, of the first and of the last that take their places."""
_SITE: Final = "/usr/lib/voiced/lib/python3*/site-packages"


@chapter.scenario("back to 0.1.0 in the middle of a turn: the old code reads what the new one has kept")
def back_to_release(hands: Hands) -> Figures:
    hands.await_brain()
    hands.all_on()
    hands.set_volume(VOLUME)
    _hold(hands)
    apt(hands, f"install --allow-downgrades {OLD}")
    hands.release()
    hands.await_ready()
    must(hands.machine.run("voiced --version") == f"voiced {RELEASED}", "this is not the old one")
    _still_has_its_settings(hands)
    _are_safe(hands)
    hands.must_listen()
    return hands.start_figures()


@chapter.scenario(
    "0.1.0 meets the new files and is killed before its restart; the new code under the old unit"
)
def unpacked(hands: Hands) -> Figures:
    """At last the power is cut before the packages are configured: it boots, and answers as it is."""
    old = _released(hands)
    machine = hands.machine
    _hold(hands)
    machine.run(f"dpkg --unpack {NEW}", APT_S)
    hands.release()
    must(hands.unit("MainPID")["MainPID"] == old, "unpacking has ended the old process")
    safe = _killed_in_a_turn(hands)
    hands.await_restart(old, READY_S)
    ready = hands.await_ready()
    units = machine.run("systemctl show voiced -p Environment,NeedDaemonReload")
    must("VOICED_TOOLS_SOCKET" not in units, f"the unit is not the old one: {units}")
    _still_knows(hands, "turn on the heater")
    hands.must_listen()
    machine.run(DOWN)
    machine.cut()
    machine.boot()
    booted = hands.await_ready()
    _still_has_its_settings(hands)
    hands.await_brain()
    hands.all_on()
    answered = hands.now()
    machine.run("dpkg --configure --pending", APT_S)
    _answers(hands)
    return {
        "kill_to_safe_s": safe,
        "old_unit_ready_at_s": round(ready, 1),
        "boot_to_ready_s": round(booted, 1),
        "boot_to_answer_s": round(answered, 1),
    }


@chapter.scenario(
    "apt and the service killed with half of the new files in place: safe; apt again, nothing forgotten"
)
def killed_halfway(hands: Hands) -> Figures:
    _released(hands)
    _stop_apt_halfway(hands)
    safe = _killed_in_a_turn(hands, "pkill -KILL -x dpkg; pkill -KILL -x apt-get; ")
    took, ready = _installed_again(hands)
    _still_knows(hands, "turn on the heater")
    _answers(hands)
    return {"kill_to_safe_s": safe, "apt_again_s": took, "restart_to_ready_s": ready}


@chapter.scenario(
    "the power cut with half of the new files in place: it boots; apt again, settings as they were"
)
def cut_halfway(hands: Hands) -> Figures:
    _released(hands)
    _stop_apt_halfway(hands)
    _hold(hands)
    hands.machine.cut()
    hands.machine.boot()
    hands.wait(10)
    took, ready = _installed_again(hands)
    _answers(hands)
    return {"apt_again_s": took, "restart_to_ready_s": ready}


def _released(hands: Hands) -> str:
    """The last release in use: outputs on, a volume of its owner's, a conversation; its process."""
    if hands.machine.call("voiced --version").output.strip() != f"voiced {RELEASED}":
        _install_released(hands)
    hands.await_ready()
    hands.await_brain()
    hands.set_volume(VOLUME)
    hands.all_on()
    return hands.unit("MainPID")["MainPID"]


def _install_released(hands: Hands) -> None:
    """As on a machine that never had another version, in whatever state the packages are."""
    machine = hands.machine
    machine.call("dpkg --purge --force-all voiced-handsfree voiced-brain voiced", APT_S)
    # A disk as others have: dpkg waits for it.
    machine.run("rm -f /etc/dpkg/dpkg.cfg.d/appliance; mkdir -p /etc/voiced")
    machine.run("install -o root -g voiced -m 640 /rig/appliance.toml /etc/voiced/voiced.toml")
    machine.run(f"dpkg --install {OLD}", APT_S)
    must(machine.run("voiced --version") == f"voiced {RELEASED}", "this is not the last release")


def _stop_apt_halfway(hands: Hands) -> None:
    """The new version is being installed, and stands still with half of its files in their places."""
    machine = hands.machine
    machine.start(f"DEBIAN_FRONTEND=noninteractive apt-get -qq -y install {NEW}")
    there = f'import glob, time\nwhile not glob.glob("{_SITE}/{FIRST}"): time.sleep(.05)'
    machine.run(f"timeout {APT_S:g} /usr/bin/python3 -c '{there}' && pkill -STOP -x dpkg", APT_S + 60)
    must(machine.call(f"ls {_SITE}/{LAST}").status, "it was stopped too late: all files are in their places")


def _hold(hands: Hands) -> None:
    """Somebody presses, and goes on speaking."""
    hands.press()
    hands.await_status("listening", "state", 20)


def _killed_in_a_turn(hands: Hands, before: str = "") -> float:
    """Press, speak, and kill -9 the service; after how many seconds its outputs were safe.

    Left alone they would stay on: it is `hardware.safe` that has done it, from whatever files there are.
    """
    _hold(hands)
    levels = {line: hands.level(line) for line in OUTPUTS}
    must(all(levels[line] != safe for line, safe in OUTPUTS.items()), f"not all are on: {levels}")
    hands.pull_outputs_on()
    hands.mark()
    with hands.watching(sound=False) as seen:
        hands.machine.run(f"{before}systemctl kill --kill-whom=main --signal=KILL voiced")
        hands.wait(SAFE_WITHIN_S)
    hands.mend_pulls()
    hands.release()
    must(not hands.unit_failures(), f"ExecStopPost: {hands.unit_failures()}")
    return kill_to_safe_s(seen, hands.systemd_record(PROCESS_EXIT))


def _installed_again(hands: Hands) -> tuple[int, float]:
    """What an owner does then, as apt tells him; seconds of it, and those of the start."""
    _are_safe(hands)
    began = hands.now()
    hands.machine.call("DEBIAN_FRONTEND=noninteractive dpkg --configure --pending", APT_S)
    apt(hands, f"install {NEW}")
    took = hands.now() - began
    hands.await_ready()
    _still_has_its_settings(hands)
    return round(took), hands.start_figures()["start_to_ready_s"]


def _are_safe(hands: Hands) -> None:
    levels = {line: hands.level(line) for line in OUTPUTS}
    must(levels == OUTPUTS, f"the outputs are {levels}")


def _still_has_its_settings(hands: Hands) -> None:
    """The owner's volume and configuration."""
    volume = hands.status()["volume"]
    must(volume == VOLUME, f"the volume is {volume}")
    hands.machine.run("cmp /rig/appliance.toml /etc/voiced/voiced.toml")


def _still_knows(hands: Hands, words: str) -> None:
    """The conversation from before goes on."""
    _still_has_its_settings(hands)
    told = hands.machine.run("cat /run/voiced/conversation/ledger.json*")
    must(words in told, f"{words!r} is not in the conversation any more")


def _answers(hands: Hands) -> None:
    """With all of the new version: its lamp goes on when it is told so, and the button works."""
    hands.await_ready()
    must(hands.machine.run("dpkg --audit") == "", "dpkg is not content")
    must(hands.machine.run("voiced --version") != f"voiced {RELEASED}", "this is still the old one")
    hands.await_brain()
    hands.all_on()
    hands.must_listen()
