"""`voiced doctor`: every planted fault is found by its code, with its remedy, and a healthy machine has none.

The machine is planted (see doctor_rig): systemd, users, the kernel's sound cards and thermometers cannot be
had here. Files, rights, sockets, name resolution and TLS are real; test_doctor_network.py has the servers.
"""

from __future__ import annotations

import ast
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import daemon.commands.doctor
from daemon.commands.doctor.finding import Finding, exit_status
from daemon.commands.doctor.run import run
from daemon.service.audio_streams import CaptureStream
from tests.commands.doctor.rig import HDMI, PID, Planted
from tests.extensions.rig import GOOD
from tests.service.streams import unheard

KEY = "sk-proj-0123456789abcdefghij"
CLOUD = {"provider": "azure", "url": "ws://127.0.0.1:{port}", "fallback": "none"}


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """The chips of the kernel are planted, too."""
    machine = Planted(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ALSA_CONFIG_PATH", raising=False)
    machine.kernel.play(monkeypatch, machine.root / "dev")
    return machine


def test_planted_healthy_machine_has_no_findings(planted: Planted) -> None:
    assert planted.findings() == []


def test_planted_healthy_machine_tells_who_holds_the_card_and_what_it_is_made_of(planted: Planted) -> None:
    told = "\n".join(str(each) for each in planted.told())
    assert "microphone: card:Device (USB Sound, captures and plays), held by voiced itself" in told
    assert "systemd 257" in told
    assert "48 degrees" in told


# ---------------------------------------------------------------- faults


def broken_toml(m: Planted) -> None:
    m.path.write_text("[sound]\nperiod = 10\n")


def config_writable(m: Planted) -> None:
    m.machine()
    m.path.chmod(0o666)


def config_closed(m: Planted) -> None:
    m.machine()
    m.path.chmod(0o600)
    m.commands["id -Gn voiced"] = "voiced audio gpio"


def wire_log(m: Planted) -> None:
    m.config["debug"] = {"wire_log": "/tmp/wire.jsonl"}


def cloud(m: Planted, **more: str) -> None:
    m.config["realtime"] = {"provider": "custom", "url": "ws://127.0.0.1:9", **more}


def open_untold(m: Planted) -> None:
    m.config["realtime"] = {"turn": "open"}
    m.config["sound"]["earcons"] = "off"


def open_for_long(m: Planted) -> None:
    m.config["realtime"] = {"turn": "open", "open_idle_s": 90}


def no_key(m: Planted) -> None:
    m.config["realtime"] = {"provider": "azure", "url": "ws://127.0.0.1:9", "fallback": "none"}


def key_file_missing(m: Planted) -> None:
    cloud(m, key_file="/nowhere/key")


def key_is_prose(m: Planted) -> None:
    path = m.folder / "key"
    path.write_text("my key is here")
    path.chmod(0o600)
    cloud(m, key_file=str(path))


def key_closed(m: Planted) -> None:
    path = m.folder / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    cloud(m, key_file=str(path))


def key_in_the_place_of_its_file(m: Planted) -> None:
    cloud(m, key_file=KEY)


def wire_log_nowhere(m: Planted) -> None:
    m.config["debug"] = {"wire_log": "/nowhere/wire.jsonl"}


def key_of_another_machine(m: Planted) -> None:
    no_key(m)
    m.write("/etc/credstore.encrypted/voiced.realtime_key", "sealed", 0o644)  # no leak


def key_open(m: Planted) -> None:
    m.write("/etc/credstore/voiced.realtime_key", KEY, 0o644)


def key_in_drop_in(m: Planted) -> None:
    m.write("/etc/systemd/system/voiced.service.d/key.conf", f"[Service]\nEnvironment=OPENAI_API_KEY={KEY}\n")


def tool_broken(m: Planted) -> None:
    (m.folder / "tools.d").mkdir()
    (m.folder / "tools.d" / "mine.py").write_text("def f(:\n")


def tools_closed(m: Planted) -> None:
    (m.folder / "tools.d").mkdir()
    (m.folder / "tools.d").chmod(0o700)


def tool_closed(m: Planted) -> None:
    (m.folder / "tools.d").mkdir()
    (m.folder / "tools.d").chmod(0o755)
    (m.folder / "tools.d" / "mine.py").write_text("from daemon.tools import tool\n" + GOOD)
    (m.folder / "tools.d" / "mine.py").chmod(0o600)


def tools_are_a_file(m: Planted) -> None:
    (m.folder / "tools.d").write_text("")


def names_alike(m: Planted) -> None:
    m.config["devices.lamb"] = {"kind": "led", "pin": 5, "active_high": False}


def state_missing(m: Planted) -> None:
    m.config["state"] = {"directory": "/nowhere/voiced"}


def state_is_a_file(m: Planted) -> None:
    (m.folder / "state").rmdir()
    (m.folder / "state").write_text("")


def state_closed(m: Planted) -> None:
    (m.folder / "state").chmod(0o755)


def no_user(m: Planted) -> None:
    m.commands |= {"id -u voiced": None, "id -Gn voiced": None}


def no_group(m: Planted) -> None:
    m.commands["getent group gpio"] = None


def not_in(group: str) -> Callable[[Planted], None]:
    def plant(m: Planted) -> None:
        m.unit["SupplementaryGroups"] = ""
        m.commands["id -Gn voiced"] = " ".join({"voiced", "audio", "gpio"} - {group})

    return plant


def group_not_yet(m: Planted) -> None:
    m.process(PID, "voiced", groups="29 990")


def device_closed(m: Planted) -> None:
    m.write("/dev/gpiochip0", "", 0o600)


def card_missing(m: Planted) -> None:
    m.write("/proc/asound/cards", HDMI)


def card_failed(m: Planted) -> None:
    m.own_streams(None)
    assert m.status
    m.status["faults"] = {"speaker": "The speaker hw:1 is in use: end the program that has it."}


def card_busy(m: Planted) -> None:
    m.process(77, "pulseaudio")
    m.own_streams(77)


def card_by_number(m: Planted) -> None:
    m.config["sound"]["microphone"] = "plughw:1,0"


def screen_only(m: Planted) -> None:
    m.write("/proc/asound/cards", HDMI)
    m.config["sound"] = {"microphone": "usbmic", "speaker": "default"}


def dead_microphone(m: Planted) -> None:
    assert m.status
    m.status["microphone_peaks"] = [0.00002, 0.0, 0.00001]


def no_chip(m: Planted) -> None:
    m.kernel.plug({})


def chip_renumbered(m: Planted) -> None:
    m.kernel.plug({"gpiochip0": ("gpio-brcmstb", 32), "gpiochip4": ("pinctrl-rp1", 54)})
    m.config["gpio"]["chip"] = 0


def line_beyond(m: Planted) -> None:
    m.config["button"]["pin"] = 60


def line_taken(m: Planted) -> None:
    m.stop_service()
    m.unit["ActiveState"] = "activating"
    m.kernel.taken[4] = "onewire@4"


def lines_failed(m: Planted) -> None:
    assert m.status
    m.status["faults"] = {"pins": 'button: line 17 is in use by "gpio-keys": stop that.'}


def button_stuck(m: Planted) -> None:
    assert m.status
    m.status["faults"] = {"button": "The button is stuck: free it."}


def button_held(m: Planted) -> None:
    m.stop_service()
    m.unit["ActiveState"] = "activating"
    m.kernel.levels[17] = 0


def wake_model_missing(m: Planted) -> None:
    m.config["wake"] = {"words": ["/nowhere/computer.json"]}


def relay_on_at_start(m: Planted) -> None:
    m.config["devices.lamp"]["pin"] = 22


def motor_at_start(m: Planted) -> None:
    m.config["devices.blind"] = {"kind": "motor", "speed": 5, "direction": 6}


def relay_pulled_by_config(m: Planted) -> None:
    m.write("/boot/firmware/config.txt", "gpio=2-5=op,dl\n")


def clock_of_1970(m: Planted) -> None:
    m.year = 1970


def nobody_sets_the_clock(m: Planted) -> None:
    m.commands["timedatectl show"] = "NTP=no\nNTPSynchronized=no"


def nothing_sets_the_clock(m: Planted) -> None:
    m.commands["timedatectl show"] = "CanNTP=no\nNTP=no\nNTPSynchronized=no"


def clock_not_set(m: Planted) -> None:
    m.commands["timedatectl show"] = "NTP=yes\nNTPSynchronized=no"


def hot(m: Planted) -> None:
    m.write("/sys/class/thermal/thermal_zone0/temp", "81000\n")


def throttled(word: str) -> Callable[[Planted], None]:
    def plant(m: Planted) -> None:
        m.write("/sys/devices/platform/soc/soc:firmware/get_throttled", word)

    return plant


def vcgencmd_says_so(m: Planted) -> None:
    (m.root / "sys/devices/platform/soc/soc:firmware/get_throttled").unlink()
    m.commands["vcgencmd get_throttled"] = "throttled=0x10000\n"


def brain_silent(m: Planted) -> None:
    m.brain_listens = False


def not_installed(m: Planted) -> None:
    m.unit["LoadState"] = "not-found"
    m.stop_service()


def unit(**facts: str) -> Callable[[Planted], None]:
    return lambda m: m.unit.update(facts)


def masked(m: Planted) -> None:
    m.stop_service()
    m.unit |= {"LoadState": "masked", "User": "", "SupplementaryGroups": "", "LimitCORE": "infinity"}


def dumb(m: Planted) -> None:
    m.status = None


def old_runs(m: Planted) -> None:
    assert m.status
    m.status["version"] = "0.0.1"


def watchdog_kills(m: Planted) -> None:
    command = "journalctl -q --since=-24h -o cat UNIT=voiced.service UNIT_RESULT=watchdog"
    m.commands[command] = "voiced.service: Failed with result 'watchdog'.\n"


def core_file(m: Planted) -> None:
    m.write("/var/lib/systemd/coredump/core.voiced.990.abc.4242.zst", "")


def old_systemd(m: Planted) -> None:
    m.commands["systemctl --version"] = "systemd 247 (247.3)"


FAULTS: list[tuple[str, Callable[[Planted], object], str]] = [
    ("V141", open_untold, 'earcons = "on"'),
    ("V142", open_for_long, "no more than realtime.max_utterance_s"),
    ("V102", broken_toml, "Did you mean"),
    ("V103", config_writable, "chmod go-w"),
    ("V104", config_closed, "chown :voiced"),
    ("V105", wire_log, 'Write wire_log = ""'),
    ("V111", key_file_missing, "Write the key into it"),
    ("V112", no_key, "voiced setup"),
    ("V113", key_is_prose, "Write the key alone"),
    ("V114", key_of_another_machine, "Store it again"),
    ("V117", key_closed, "chmod 0640"),
    ("V118", key_in_the_place_of_its_file, "Write it into a file"),
    ("V107", wire_log_nowhere, "Name a file in a folder"),
    ("V115", key_open, "chmod o="),
    ("V116", key_in_drop_in, "withdraw this one"),
    ("V121", tool_broken, "Correct the line"),
    ("V121", tools_are_a_file, "Name one as tools.directory"),
    ("V122", names_alike, "Choose another name"),
    ("V123", tools_closed, "chmod g+rx"),
    ("V124", tool_closed, "chmod g+r"),
    ("V132", state_missing, "install -d -m 0700 -o voiced /nowhere/voiced"),
    ("V133", state_is_a_file, "Name one that voiced may write to"),
    ("V134", state_closed, "chown -R voiced:"),
    ("V201", no_user, "systemd-sysusers"),
    ("V202", no_group, "systemd-sysusers"),
    ("V203", not_in("audio"), "gpasswd -a voiced audio"),
    ("V204", not_in("gpio"), "gpasswd -a voiced gpio"),
    ("V205", group_not_yet, "systemctl restart voiced"),
    ("V206", device_closed, "udevadm trigger"),
    ("V301", card_missing, "Plug one in"),
    ("V301", card_failed, "End the program that has it"),
    ("V302", card_busy, "kill 77"),
    ("V303", card_by_number, 'Write "card:Device"'),
    ("V304", screen_only, "Plug in a sound card"),
    ("V311", dead_microphone, "Check its plug and switch"),
    ("V321", wake_model_missing, "Put its .json there"),
    ("V401", no_chip, "Enable GPIO"),
    ("V402", chip_renumbered, 'Write chip = "auto"'),
    ("V403", line_beyond, "the lines 0 to 57"),
    ("V404", line_taken, "Stop that program"),
    ("V404", lines_failed, "Stop that"),
    ("V405", button_stuck, "short circuit"),
    ("V405", button_held, "short circuit"),
    ("V406", relay_on_at_start, "gpio=22=pu"),
    ("V406", relay_pulled_by_config, "gpio=4=pu"),
    ("V406", motor_at_start, "gpio=5=pd"),  # its direction may float
    ("V501", clock_of_1970, "timedatectl set-ntp true"),
    ("V502", nobody_sets_the_clock, "timedatectl set-ntp true"),
    ("V502", nothing_sets_the_clock, "apt install systemd-timesyncd"),
    ("V503", clock_not_set, "systemd-timesyncd"),
    ("V511", hot, "heat sink"),
    ("V512", throttled("50005\n"), "short, thick cable"),
    ("V512", vcgencmd_says_so, "short, thick cable"),
    ("V513", throttled("80008\n"), "cooling"),
    ("V702", brain_silent, "systemctl enable --now voiced-brain.socket"),
    ("V901", not_installed, "Install the package"),
    ("V902", unit(ActiveState="failed", Result="exit-code"), "systemctl start"),
    ("V903", masked, "systemctl unmask"),
    ("V904", unit(UnitFileState="disabled"), "systemctl enable"),
    ("V905", unit(NRestarts="7"), "journalctl -u voiced"),
    ("V906", dumb, "systemctl restart voiced"),
    ("V907", old_runs, "systemctl restart voiced"),
    ("V908", watchdog_kills, "journalctl -u voiced"),
    ("V911", core_file, "rm "),
    ("V912", unit(LimitCORE="infinity"), "LimitCORE="),
    ("V921", old_systemd, "Debian 12"),
]

ALONG = {
    "V104": {"V301"},
    "V111": {"V606"},
    "V112": {"V606"},
    "V113": {"V606"},
    "V117": {"V606"},
    "V118": {"V112", "V116", "V606"},
    "V114": {"V606"},
    "V404": {"V301"},
    "V405": {"V301"},
    "V901": {"V301"},
    "V903": {"V301"},
    "V512": {"V513"},
}
"""What a fault brings about: without a service the planted card is opened, which is not there; nobody
listens at port 9."""


def label(value: object) -> str:
    return value if isinstance(value, str) and value.startswith("V") else ""


@pytest.mark.parametrize(("code", "plant", "remedy"), FAULTS, ids=label)
def test_planted_fault_is_found_alone_with_its_remedy(
    planted: Planted, code: str, plant: Callable[[Planted], object], remedy: str
) -> None:
    plant(planted)
    found = planted.findings()
    assert code in {each.code for each in found}
    assert {each.code for each in found} <= {code} | ALONG.get(code, set())
    assert remedy in next(each.remedy for each in found if each.code == code)


def test_every_code_stands_for_one_thing() -> None:
    folder = Path(daemon.commands.doctor.__file__).parent
    nodes = [node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    codes = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    counted = Counter(code for code in codes if len(code) == 4 and code[0] == "V" and code[1:].isdigit())
    assert len(counted) > 60
    assert {code for code, times in counted.items() if times > 1} <= TWICE


TWICE = {"V112", "V301", "V311", "V404", "V502", "V617"}
"""Seen by the service or by doctor itself, or worse in one case than in another."""


# ---------------------------------------------------------------- the command


def test_exit_status_tells_healthy_warned_and_broken() -> None:
    warned, broken = Finding("V1", "warning", "", ""), Finding("V2", "error", "", "")
    assert [exit_status(each) for each in ([], [warned], [warned, broken])] == [0, 1, 2]


def test_json_has_the_findings_of_this_machine(planted: Planted, capsys: pytest.CaptureFixture[str]) -> None:
    planted.path.write_text("[sound]\nperiod = 10\n")
    assert run(planted.path, as_json=True) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == 2
    first = told["findings"][0]
    assert (first["area"], first["code"], first["level"]) == ("configuration", "V102", "error")
    assert "voiced" in told["facts"]["versions"][0]


def test_a_check_that_fails_is_told_and_the_others_go_on(planted: Planted) -> None:
    assert planted.status
    planted.status["microphone_peaks"] = ["loud", None, {}]
    old_systemd(planted)
    assert [each.code for each in planted.findings()] == ["V999", "V921"]


def test_the_microphone_remembers_the_loudest_sample_of_each_utterance() -> None:
    lane = CaptureStream(unheard(), "minimum")
    lane.opened(24_000)
    assert not lane.peaks
    for peak in (0.9, 0.5, 0.0, 0.25):
        lane.frames(np.full(480, peak, np.float32))
        lane.ended()
    assert list(lane.peaks) == pytest.approx([0.5, 0.0, 0.25], abs=0.1)


@pytest.mark.parametrize("peaks", [[0.0], [0.0, 0.0], [0.0, 0.2, 0.0], [0.2, 0.0, 0.0]])
def test_one_press_in_silence_is_no_fault_and_the_level_is_told(planted: Planted, peaks: list[float]) -> None:
    assert planted.status
    planted.status["microphone_peaks"] = peaks
    told = planted.told()
    assert not [each for each in told if isinstance(each, Finding)]
    assert any("at the last press" in fact for fact in told if isinstance(fact, str))


# ---------------------------------------------------------------- mending


def test_fix_closes_a_configuration_that_others_may_change(
    planted: Planted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    config_writable(planted)
    run(planted.path, mend=True)
    assert planted.path.stat().st_mode & 0o777 == 0o644
    told = capsys.readouterr().out
    assert f"V103: run `chmod go-w {planted.path}`: done" in told
    assert "warning V103" not in told


def test_fix_needs_root(
    planted: Planted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    config_writable(planted)
    run(planted.path, mend=True)
    assert planted.path.stat().st_mode & 0o777 == 0o666
    assert "Nothing was mended: that takes root" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("plant", "ran"),
    [
        (not_in("audio"), [("gpasswd", "-a", "voiced", "audio")]),
        (brain_silent, [("systemctl", "enable", "--now", "voiced-brain.socket")]),
        (unit(UnitFileState="disabled"), [("systemctl", "enable", "voiced.service")]),
        (unit(ActiveState="failed"), [("systemctl", "start", "voiced.service")]),
    ],
)
def test_planted_fault_is_mended_by_a_command(
    planted: Planted, plant: Callable[[Planted], object], ran: list[tuple[str, ...]]
) -> None:
    plant(planted)
    (finding,) = planted.findings()
    assert finding.fix is not None
    planted.commands |= {" ".join(words): "" for words in ran}
    planted.ran.clear()
    assert finding.fix.act()
    assert planted.ran == ran
