"""The wizard as a whole, in a folder that stands for the machine.

What systemd's two programs would do is noted by scripts of their names: no test may stop a service here.
"""

from __future__ import annotations

import io
import itertools
import os
import pathlib
import shutil
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.commands import setup
from daemon.commands.doctor.finding import Finding, error
from daemon.commands.setup import storage
from daemon.commands.setup.storage import Places
from daemon.commands.setup.trials import Trials
from daemon.config.loader import load
from daemon.text.masking import Secret

CREDS = """#!/bin/sh
echo "creds $*" >> "$0.log"
{result}
"""
SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$0.log"
"""


Check = Callable[[Path], list[Finding]]


def healthy(config: Path) -> list[Finding]:
    """Nothing is found."""
    return []


class Machine:
    """A folder with an installed voiced, and what was done to its systemd."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root)
        self.bin = root / "bin"
        self.bin.mkdir()
        self.program("systemctl", SYSTEMCTL)
        self.creds("tr a-z n-za-m")

    def program(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def creds(self, result: str) -> None:
        self.program("systemd-creds", CREDS.format(result=result))

    def log(self, name: str) -> str:
        path = self.bin / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def answers(self, text: str) -> Path:
        path = self.places.root / "answers.toml"
        path.write_text(text)
        return path

    def run(
        self, answers: str = "", *, dry_run: bool = False, board: str | None = None, check: Check = healthy
    ) -> int:
        trials = Trials(check=check, answers=lambda socket: True)
        path = self.answers(answers)
        return setup.run(path, board, dry_run=dry_run, places=self.places, trials=trials)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    return made


def test_without_answers_the_packaged_configuration_is_written(machine: Machine) -> None:
    assert machine.run() == 0
    config = load(machine.places.config)
    assert config.realtime.provider == "offline"
    assert config.gpio.backend == "virtual"
    assert "# `sudo voiced setup` asks" in machine.places.config.read_text()
    assert stat.S_IMODE(machine.places.config.stat().st_mode) == 0o640
    assert not machine.places.backup.exists()
    assert not machine.places.encrypted_key.exists()


def test_answers_are_written_and_the_old_file_is_kept(machine: Machine) -> None:
    machine.run()
    own = machine.places.config.read_text().replace("kitchen", "bathroom  ")
    machine.places.config.write_text(own)
    assert machine.run('button_pin = 27\nlamp_pins = "none"\ndevices = ["relay desk lamp 22 high"]\n') == 0
    config = load(machine.places.config)
    assert (config.button.pin, config.lamps, list(config.devices)) == (27, {}, ["desk_lamp"])
    assert "bathroom" in config.realtime.instructions
    assert machine.places.backup.read_text() == own


def test_an_answer_file_says_how_it_is_spoken_to(machine: Machine) -> None:
    machine.run('turn = "open"')
    assert load(machine.places.config).realtime.turn == "open"
    assert machine.run() == 0
    assert load(machine.places.config).realtime.turn == "open", "as it was configured"
    assert machine.run('turn = "voice"') == 2


def test_a_board_begins_anew(machine: Machine) -> None:
    machine.run("button_pin = 27")
    assert machine.run(board="respeaker-2mic") == 0
    config = load(machine.places.config)
    assert (config.button.pin, config.sound.microphone) == (17, "card:wm8960soundcard")


def test_the_service_is_stopped_before_and_started_after(machine: Machine) -> None:
    machine.run()
    said = [line.replace("--quiet ", "") for line in machine.log("systemctl").splitlines()]
    assert said == [f"{verb} voiced.service" for verb in ("is-active", "stop", "reset-failed", "restart")]


def test_a_dry_run_shows_and_changes_nothing(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.run("button_pin = 27", dry_run=True) == 0
    assert "\npin = 27 " in capsys.readouterr().out
    assert not machine.places.config.exists()
    assert not machine.log("systemctl")


KEY = "sk-canary-3141592653"


def with_key(machine: Machine, provider: str = "openai") -> str:
    (machine.places.root / "key").write_text(f"{KEY}\n")
    return f'provider = "{provider}"\nkey_file = "{machine.places.root}/key"\n'


def test_the_key_is_encrypted_and_shows_nowhere(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert machine.run(with_key(machine)) == 0
    assert machine.places.encrypted_key.read_text() == KEY.translate(
        str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
    )
    assert stat.S_IMODE(machine.places.encrypted_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.places.encrypted_key.parent.stat().st_mode) == 0o700
    said = capsys.readouterr()
    everywhere = [said.out, said.err, machine.log("systemctl"), machine.log("systemd-creds")]
    everywhere += [path.read_text() for path in machine.places.written if path.exists()]
    assert not any(KEY in text for text in everywhere)
    assert "encrypt --name=realtime_key - -" in machine.log("systemd-creds")


def test_where_it_cannot_be_encrypted_it_is_for_root_alone(machine: Machine) -> None:
    machine.run(with_key(machine))
    machine.creds("exit 1")
    assert machine.run(with_key(machine)) == 0
    assert machine.places.plain_key.read_text() == KEY
    assert stat.S_IMODE(machine.places.plain_key.stat().st_mode) == 0o600
    assert not machine.places.encrypted_key.exists()
    assert storage.stored_key(machine.places) == KEY


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd-creds keeps its secret where only root may write")
def test_the_real_systemd_creds_gives_the_key_back(tmp_path: Path) -> None:
    assert shutil.which("systemd-creds"), "install systemd"
    path = storage.store_key(Places(tmp_path), Secret(KEY))
    assert path == Places(tmp_path).encrypted_key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert storage.stored_key(Places(tmp_path)) == KEY


def test_a_key_that_is_none_is_refused(machine: Machine) -> None:
    answers = with_key(machine)
    (machine.places.root / "key").write_text("export KEY=abc\nor so")
    assert machine.run(answers) == 2
    assert not machine.places.config.exists()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ("devices = ['led red 17']", "pin 17 is taken by button.pin"),
        ('provider = "azure"\nurl = "ftp://x"', "url: Write an address"),
        ('provider = "custom"\nurl = "https://x:0/"', "its port must be a number from 1 to 65535"),
        ("button = 3", 'no question "button"'),
    ],
)
def test_answers_that_do_not_fit_change_nothing_and_the_service_runs_on(
    machine: Machine, capsys: pytest.CaptureFixture[str], answers: str, words: str
) -> None:
    assert machine.run(answers) == 2
    assert words in capsys.readouterr().err
    assert not machine.places.config.exists()
    assert ("stop" in machine.log("systemctl")) == ("start" in machine.log("systemctl"))


def test_a_configuration_that_cannot_be_read_is_told_with_the_way_out(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.run()
    machine.places.config.write_text("[sound]\nspeeker = 1\n")
    assert machine.run() == 2
    assert "begin anew with --board" in capsys.readouterr().err


FILES = ["the key", "the configuration", "the credential of the check"]
"""What is written, in this order."""


def interrupt_at(last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C when the file with this number is in its place."""
    replace, numbers = pathlib.Path.replace, itertools.count()

    def replaced(path: Path, target: Path) -> Path:
        replace(path, target)
        if next(numbers) == last:
            raise KeyboardInterrupt
        return target

    monkeypatch.setattr(pathlib.Path, "replace", replaced)


@pytest.mark.parametrize("file", FILES)
def test_breaking_off_while_writing_leaves_everything_as_it_was(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    machine.run(with_key(machine))
    before = {path: path.read_bytes() for path in machine.places.written if path.exists()}
    interrupt_at(FILES.index(file), monkeypatch)
    machine.creds("echo another")
    assert machine.run(with_key(machine) + "button_pin = 27\n") == 130
    assert {path: path.read_bytes() for path in machine.places.written if path.exists()} == before
    assert "everything is as it was" in capsys.readouterr().out
    assert machine.log("systemctl").endswith("start voiced.service\n")


def test_a_hangup_starts_the_service_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGHUP)

    monkeypatch.setattr(pathlib.Path, "replace", hang_up)
    assert machine.run() == 130
    assert machine.log("systemctl").endswith("start voiced.service\n")
    assert signal.getsignal(signal.SIGHUP) is not signal.default_int_handler


def test_what_cannot_be_written_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    (machine.places.root / "etc").mkdir()
    (machine.places.root / "etc/credstore.encrypted").write_text("no folder")
    assert machine.run(with_key(machine)) == 2
    assert "Not a directory" in capsys.readouterr().err
    assert machine.log("systemctl").endswith("start voiced.service\n")


def test_what_the_check_finds_is_shown(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    def check(path: Path) -> list[Finding]:
        assert path == machine.places.config
        assert Path(os.environ["CREDENTIALS_DIRECTORY"], "realtime_key").read_text() == KEY
        return [error("x", "It is broken.", "Mend it.")]

    machine.creds("exit 1")
    assert machine.run(with_key(machine), check=check) == 1
    assert "It is broken. Mend it." in capsys.readouterr().out
    assert "CREDENTIALS_DIRECTORY" not in os.environ


def test_only_root_may(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert setup.run(None, None) == 2
    assert "run `sudo voiced setup`" in capsys.readouterr().err


def test_a_person_answers_with_enter(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("relay lamp 17\nrelay lamp 22\n\n\n"))
    assert setup.run(None, None, dry_run=True, places=machine.places) == 0
    said = capsys.readouterr()
    assert "devices.lamp.pin: pin 17 is taken by button.pin" in said.err
    assert '[devices.lamp]\nkind = "relay"\npin = 22\n' in said.out
