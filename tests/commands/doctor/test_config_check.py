"""`config check`: what stands in the way of a good start, each as one sentence with its remedy."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from daemon.commands.doctor import config_check, settings
from daemon.commands.doctor.areas import AREAS
from tests.control.scripted_service import ScriptedService

BASE = """
[sound]
microphone = "no-such-card"
speaker = "no-such-card"
[control]
socket = "{folder}/control.sock"
[brain]
address = "unix:{folder}/brain.sock"
[tools]
directory = "{folder}/tools.d"
[state]
directory = "{folder}/state"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def written(folder: Path, text: str = "") -> Path:
    path = folder / "voiced.toml"
    path.write_text(BASE.format(folder=folder) + text)
    return path


def messages(folder: Path, text: str = "") -> list[str]:
    """The findings beyond those of BASE, which always misses its sound cards."""
    found = config_check.check(written(folder, text))
    return [f"{each.code} {each.sentence} {each.remedy}" for each in found if each.code != "V301"]


def custom(port: int, scheme: str = "ws") -> str:
    return f'[realtime]\nprovider = "custom"\nurl = "{scheme}://127.0.0.1:{port}/v1/realtime"\n'


def test_nothing_is_wrong_with_a_plain_offline_appliance(folder: Path) -> None:
    assert messages(folder) == []


def test_broken_file_is_the_only_finding_and_the_status_is_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "voiced.toml"
    path.write_text("[sound]\nperiod = 10")
    assert config_check.run(path, as_json=True) == 2
    found = json.loads(capsys.readouterr().out)
    assert [finding["level"] for finding in found] == ["error"]
    assert found[0]["sentence"] == f'{path}: sound: there is no key "period" here.'
    assert found[0]["remedy"].startswith("Did you mean")


def test_missing_card_is_named_with_the_command_that_lists_cards(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert config_check.run(written(folder)) == 2
    told = capfd.readouterr()
    assert "error V301: The microphone no-such-card" in told.out
    assert "`arecord -L`" in told.out
    assert told.err == ""


def test_key_is_missing_or_no_key(folder: Path) -> None:
    (folder / "key").write_text("sk-1\nsk-2\n")
    realtime = custom(9).replace("127.0.0.1", "localhost")
    found = messages(folder, f'{realtime}key_file = "{folder}/key"')
    assert any("Write the key alone, on one line." in each for each in found)
    azure = '[realtime]\nprovider = "azure"\nurl = "ws://127.0.0.1:9"\nkey_file = "/nowhere"'
    found = messages(folder, azure)
    assert "V111 realtime.key_file: /nowhere is not there. Write the key into it." in found
    assert any(each.startswith("V112 ") for each in found)


def test_server_that_is_not_there(folder: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        found = messages(folder, custom(bound.getsockname()[1]))
    assert found == [
        "V606 realtime.url: 127.0.0.1 cannot be reached (Connection refused). Check the URL and the network."
    ]


def test_server_that_is_there(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert messages(folder, custom(server.getsockname()[1])) == []


def test_running_service_keeps_its_cards(folder: Path) -> None:
    with ScriptedService(folder / "control.sock", status=[{"ok": True}]).serving():
        assert config_check.check(written(folder)) == []


def test_pins_need_a_chip(folder: Path) -> None:
    found = messages(folder, '[gpio]\nbackend = "lgpio"\nchip = "no-such-chip"\n[button]\npin = 17')
    assert len(found) == 1
    assert "gpiochip" in found[0] or "no-such-chip" in found[0]


def test_tool_file_with_an_error_is_named(folder: Path) -> None:
    (folder / "tools.d").mkdir()
    (folder / "tools.d" / "broken.py").write_text("def f(:\n")
    found = messages(folder)
    assert len(found) == 1
    assert "broken.py" in found[0]


A_TOOL = """
from daemon.tools import tool

@tool
def {name}() -> None:
    'Be there.'
"""
MISBEHAVING = {
    "prints.py": "print('hello')\n" + A_TOOL.format(name="one"),
    "interrupts.py": "raise KeyboardInterrupt\n",
    "cancels.py": "import asyncio\nraise asyncio.CancelledError\n",
    "stays.py": "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n"
    + A_TOOL.format(name="other"),
    "exits.py": "import os\nos._exit(0)\n",
    "loops.py": "while True: pass\n",
}


def test_whatever_a_tool_file_does_it_is_told_and_the_rest_is_json(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    impatient = {"tools": partial(settings.tools, limit_s=3.0)}
    areas = [replace(area, check=impatient.get(area.title, area.check)) for area in AREAS]
    (folder / "tools.d").mkdir()
    for name, code in MISBEHAVING.items():
        (folder / "tools.d" / name).write_text(code)
    assert config_check.run(written(folder), as_json=True, areas=areas) == 2
    found = [each["sentence"] for each in json.loads(capfd.readouterr().out) if each["code"] == "V121"]
    named = [name for name in MISBEHAVING if any(f"/{name}:" in sentence for sentence in found)]
    assert named == ["interrupts.py", "cancels.py", "exits.py", "loops.py"]
    assert any("loops.py:1: its import takes longer than 3 seconds" in sentence for sentence in found)


def test_names_that_sound_alike_are_refused(folder: Path) -> None:
    text = '[devices.lamp]\nkind = "led"\npin = 2\n[devices.lamb]\nkind = "led"\npin = 3\n'
    assert messages(folder, text) == [
        'V122 devices.lamb.say: "lamb" sounds like "lamp". Choose another name.'
    ]
    same = '[devices.lamp]\nkind = "led"\npin = 2\nsay = ["lamp", "lamb"]\n'
    assert messages(folder, same) == []


def test_state_directory_that_is_a_file(folder: Path) -> None:
    (folder / "state").write_text("")
    assert messages(folder) == [
        f"V133 state.directory: {folder}/state is no directory. Name one that voiced may write to."
    ]


LOADED_BEFORE = '''
from typing import Annotated, Any
from daemon.tools import Range, tool

@tool
def remember({parameter}) -> str:
    """Remember."""
    return ""
'''


@pytest.mark.parametrize(
    ("parameter", "sentence", "remedy"),
    [
        ("items: list", "items is list, which does not say what it holds.", "Write list[str]"),
        (
            "plan: dict | None = None",
            "plan is dict, which does not say what it holds.",
            "Write dict[str, int]",
        ),
        ("what: Any", "what is Any, which does not say what it holds.", "Write what it may be"),
        (
            "seconds: Annotated[int, Range(30, 1)]",
            "seconds has Range(lo=30, hi=1) that leaves no number.",
            "Write the smaller bound first.",
        ),
        ("seconds: int = None", "seconds has a default that does not fit", "Write | None behind the hint."),
        ("seconds", "seconds has no type hint.", "Write one such as seconds: int."),
        ("*seconds: int", "seconds must be a plain parameter.", "Write it without * and /."),
        (
            "seconds: Annotated[int, 30]",
            "seconds has the note 30, which is not understood.",
            "Write Range(1, 30)",
        ),
    ],
)
def test_a_hint_that_is_refused_now_is_told_with_file_line_and_remedy(
    folder: Path, parameter: str, sentence: str, remedy: str
) -> None:
    (folder / "tools.d").mkdir(mode=0o755)
    path = folder / "tools.d" / "mine.py"
    path.write_text(LOADED_BEFORE.format(parameter=parameter))
    path.chmod(0o644)
    (found,) = messages(folder)
    assert found.startswith(f"V121 tools.directory: {path}:5: remember: {sentence}")
    assert found.rpartition(". ")[2].startswith(remedy)
