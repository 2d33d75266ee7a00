"""The key, and every word of the user's or the model's, stay where they belong: in memory and on the wire."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.control.client import request, stream
from tests.service.configuration import APPLIANCE, RUNTIME
from tests.service.leaks import family, leaks
from tests.service.parrot import Parrot
from tests.service.test_service import wait_for

ROOT = Path(__file__).parents[2]
KEY = "sk-canary-0123456789abcdef"
WORDS = {
    "heard": "the xylophone in the pantry",
    "typed": "marmalade on the typewriter",
    "argument": "umbrella beneath the volcano",
    "said": "seventeen purple flamingos",
}
CANARIES = [KEY, *WORDS.values()]
TOOL = '''
from daemon.tools import tool

@tool
def note(text: str) -> str:
    """Write a note."""
    return str(int(text))
'''
CONFIG = """
[realtime]
provider = "custom"
url = "{url}"
key_file = "{folder}/key"
fallback = "none"
[realtime.prices]
input_text = 1.0
cached_text = 1.0
output_text = 1.0
input_audio = 1.0
cached_audio = 1.0
output_audio = 1.0
[log]
transcripts = {transcripts}
[debug]
wire_log = "{wire_log}"
""" + APPLIANCE.replace(*RUNTIME)


JOURNALD = Path("/lib/systemd/systemd-journald")
WITH_JOURNALD = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal || exit 1
mount --bind "$1" /run/log/journal || exit 1
shift
%s 2>/dev/null &
echo $! > journald.pid
while ! [ -S /run/systemd/journal/socket ]; do sleep 0.05; done
exec "$@"
"""
"""A systemd-journald of our own, in a mount namespace: only its files are seen from outside."""

INTO_THE_JOURNAL = """
import os, sys
from systemd.journal import stream
into = stream("voiced")
os.dup2(into.fileno(), 1), os.dup2(into.fileno(), 2)
status = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
os.execv(sys.argv[1], sys.argv[1:])
"""


class Appliance:
    """A service whose server quotes everything; whatever the service may write lies in `left`."""

    def __init__(
        self,
        folder: Path,
        url: str,
        card: VirtualCard,
        *,
        transcripts: bool = False,
        journal: bool = False,
        wire_log: bool = False,
    ) -> None:
        self.folder = folder
        self.left = [folder / name for name in ("run", "state", "cwd", "tmp", "home", "journal")]
        self.conversation = folder / "run/conversation/ledger.jsonl"
        for place in self.left:
            place.mkdir()
        (folder / "key").write_text(KEY + "\n")
        (folder / "tools.d").mkdir()
        (folder / "tools.d/notes.py").write_text(TOOL)
        config = CONFIG.format(
            folder=folder,
            url=url,
            card=card,
            transcripts=str(transcripts).lower(),
            wire_log=folder / "run/wire.jsonl" if wire_log else "",
        )
        (folder / "voiced.toml").write_text(config)
        self.log = folder / "run/stderr"
        self.process = self._start(card, journal)
        self.socket = folder / "run/control.sock"

    def _start(self, card: VirtualCard, journal: bool) -> subprocess.Popen[bytes]:
        places = {"TMPDIR": "tmp", "HOME": "home", "XDG_CACHE_HOME": "home"}
        env = {**os.environ, **card.env, "PYTHONPATH": str(ROOT)}
        env |= {name: str(self.folder / place) for name, place in places.items()}
        command = [sys.executable, "-m", "daemon", "run", "--config", str(self.folder / "voiced.toml")]
        if journal:
            script = WITH_JOURNALD % JOURNALD
            around = ["unshare", "-m", "sh", "-c", script, "sh", str(self.folder / "journal")]
            command = [*around, sys.executable, "-c", INTO_THE_JOURNAL, *command]
        with self.log.open("wb") as stderr:
            return subprocess.Popen(command, stdout=stderr, stderr=stderr, env=env, cwd=self.folder / "cwd")

    def use(self) -> None:
        """A typed turn and a spoken one."""
        wait_for(lambda: request(self.socket, "status")["link"] == "ready")
        wait_for(lambda: request(self.socket, "status")["tools"] == {"notes.py": "ready"})
        request(self.socket, "ask", text=WORDS["typed"])
        request(self.socket, "press")
        time.sleep(0.6)
        request(self.socket, "release")
        wait_for(lambda: request(self.socket, "status")["state"] == "idle")

    def read_log(self) -> str:
        """What is on stderr when both turns are."""
        wait_for(lambda: "turn 2 (button)" in self.log.read_text())
        return self.log.read_text()

    def written_bytes(self) -> tuple[int, int]:
        """To all files together, and by the process to its disk."""
        files = sum(path.stat().st_size for place in self.left for path in place.rglob("*") if path.is_file())
        counters = Path(f"/proc/{self.process.pid}/io").read_text().split()
        return files, int(counters[counters.index("write_bytes:") + 1])

    def leaked(self) -> list[str]:
        """What lies outside the one file, in memory, that carries the conversation over a restart."""
        own = (f"{self.conversation}:", f"{self.conversation.with_suffix('.new')}:")
        return [each for each in leaks(CANARIES, self.left) if not each.startswith(own)]

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((self.folder / "cwd/journald.pid").read_text()), signal.SIGTERM)


@pytest.fixture(scope="module")
def card() -> Iterator[VirtualCard]:
    with VirtualCard() as card:
        yield card


@pytest.fixture
def parrot() -> Parrot:
    complaint = f"Incorrect API key provided: {KEY}."
    return Parrot(WORDS["heard"], "note", {"text": WORDS["argument"]}, WORDS["said"], complaint)


@pytest.fixture
def appliance(
    tmp_path: Path, card: VirtualCard, parrot: Parrot, request: pytest.FixtureRequest
) -> Iterator[Appliance]:
    with parrot.listening() as url:
        appliance = Appliance(tmp_path, url, card, **getattr(request, "param", {}))
        yield appliance
        appliance.end()


def test_nothing_that_was_said_and_no_key_is_left_anywhere(appliance: Appliance, parrot: Parrot) -> None:
    appliance.use()
    log = appliance.read_log()
    assert f"Bearer {KEY}" in parrot.headers
    assert any(WORDS["argument"] in output for output in parrot.outputs)
    processes = [
        Path(f"/proc/{pid}/{name}")
        for pid in family(appliance.process.pid)
        for name in ("environ", "cmdline")
    ]
    assert appliance.leaked() == leaks(CANARIES, processes) == []
    assert "ValueError in" in log
    assert "The server reports odd: Incorrect API key provided: ***." in log
    limits = Path(f"/proc/{appliance.process.pid}/limits").read_text()
    assert " ".join(limits.partition("Max core file size")[2].split()[:2]) == "0 0"

    file = appliance.conversation
    before = appliance.written_bytes()
    assert before[0] < 8192  # words and figures, and no room for a sound
    time.sleep(3)
    assert appliance.written_bytes() == before
    appliance.end()
    assert appliance.leaked() == []
    assert [each.stat().st_mode & 0o777 for each in (file.parent, file)] == [0o700, 0o600]
    assert leaks([KEY], [file]) == []


@pytest.mark.parametrize("appliance", [{"transcripts": True}], indirect=True, ids=["transcripts wanted"])
def test_the_owner_who_wants_transcripts_gets_the_words_and_still_no_key(appliance: Appliance) -> None:
    appliance.use()
    log = appliance.read_log()
    assert all(WORDS[name] in log for name in ("heard", "typed", "said"))
    assert leaks([KEY], appliance.left) == []


OLD_KEY = "sk-earlier-0123456789abcdef"


def quoting(parrot: Parrot, key: str, before: str = "") -> None:
    """From now on it quotes the key in all that it says, in the middle of its answer over two pieces."""
    quoted = json.dumps(
        {"key": key, "before": before, "basic": base64.b64encode(f"u:{key}".encode()).decode()}
    )
    parrot.heard, parrot.reply = f"heard {key}", f"it is {key} as told"
    parrot.arguments = json.dumps({"text": quoted})
    parrot.complaint = f"Bearer {key}, before {before}\n{quoted}"


def asked(appliance: Appliance, text: str) -> Iterator[Any]:
    """A typed turn, word for word."""
    for line in stream(appliance.socket, "ask", 30.0, text=text, stream=True):
        yield line
        if "ok" in line:
            return


@pytest.mark.parametrize(
    "appliance", [{"transcripts": True, "wire_log": True}], indirect=True, ids=["everything is written down"]
)
def test_a_key_that_the_server_quotes_leaves_in_no_form_and_by_no_way(
    appliance: Appliance, parrot: Parrot
) -> None:
    """Neither does the one that was in the key file before."""
    quoting(parrot, KEY)
    wait_for(lambda: request(appliance.socket, "status")["link"] == "ready")
    wait_for(lambda: request(appliance.socket, "status")["tools"] == {"notes.py": "ready"})
    seen: list[Any] = []
    watching = threading.Thread(target=lambda: seen.extend(stream(appliance.socket, "watch", None)))
    watching.start()
    seen += asked(appliance, f"my key is {KEY}")
    (appliance.folder / "key").write_text(OLD_KEY + "\n")
    quoting(parrot, OLD_KEY, before=KEY)
    parrot.hang_up()
    wait_for(lambda: f"Bearer {OLD_KEY}" in parrot.headers)
    wait_for(lambda: request(appliance.socket, "status")["link"] == "ready")
    seen += asked(appliance, "and now")
    seen.append(request(appliance.socket, "status"))
    appliance.end()
    watching.join(10)
    (appliance.folder / "cwd/seen").write_text(json.dumps(seen))
    assert {"assistant", "tool", "turn"} <= {each.get("event") for each in seen}
    assert [each["turn"]["reply"] for each in seen if "turn" in each and "ok" in each] == [
        "it is *** as told"
    ] * 2
    assert len((appliance.folder / "run/wire.jsonl").read_text().splitlines()) > 20
    assert leaks([KEY, KEY[: len(KEY) // 2 + 2], OLD_KEY], appliance.left) == []
    assert any(KEY in output for output in parrot.outputs)  # a tool gets what it was called with


def voiced(*words: str) -> str:
    """The command line, as a hand would type it."""
    command = [sys.executable, "-m", "daemon", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def why_no_journald() -> str:
    """What a journal of our own lacks on this machine, if anything."""
    if os.geteuid():
        return "a journal of our own needs root"
    if not JOURNALD.exists():
        return "there is no systemd-journald here"
    mount = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True)
    return "this container may not mount" if mount.returncode else ""


@pytest.mark.skipif(bool(why_no_journald()), reason=why_no_journald())
@pytest.mark.parametrize("appliance", [{"journal": True}], indirect=True, ids=["real journald"])
def test_a_real_journal_holds_the_records_and_no_canary(appliance: Appliance) -> None:
    appliance.use()
    appliance.end()
    there = ["--directory", str(appliance.folder / "journal"), "--json"]
    records = [json.loads(each) for each in voiced("log", "--all", *there).splitlines()]
    kinds = [each["kind"] for each in records if each["kind"]]
    assert (kinds[0], kinds[-1]) == ("ready", "stopping")
    assert set(kinds) - {"xrun"} == {"connected", "ready", "remark", "stopping", "tool", "turn"}
    turns = [each for each in records if each["kind"] == "turn"]
    assert [(each["turn"], each["source"], each["tools"]) for each in turns] == [
        (1, "text", "note"),
        (2, "button", "note"),
    ]
    stats = json.loads(voiced("stats", *there))
    assert stats["turns"]["by_source"] == {"text": 1, "button": 1}
    assert stats["tokens"]["output_audio_tokens"] == 4 * 30
    assert stats["cost_usd"] == pytest.approx(4 * 190 / 1e6)
    assert stats["latency_ms"]["release_to_sound_ms"]["count"] == 1
    assert stats["service"] == {"starts": 1, "restarts_without_a_stop": 0}
    assert "turn 2 button: note; wire " in voiced("log", *there[:2])
    everything = appliance.folder / "journal/export"  # its own files are compressed here and there
    export = ["journalctl", "-D", str(everything.parent), "-o", "export", "--all"]
    everything.write_bytes(subprocess.run(export, check=True, capture_output=True).stdout)
    assert b"VOICED_TOOL=note" in everything.read_bytes()
    assert appliance.leaked() == []


@pytest.mark.parametrize(
    "written",
    [
        KEY.encode(),
        f"Bearer {KEY}".encode(),
        base64.b64encode(f"Bearer {KEY}".encode()),
        base64.b64encode(f'{{"key":"{KEY}"}}'.encode()),
        KEY.encode().hex().encode(),
        KEY.encode("utf-16"),
        b"\0\xff" + KEY.encode() + b"\xff\0",
    ],
)
def test_the_search_finds_what_is_planted(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/core").write_bytes(b"before" + written + b"after")
    (tmp_path / "other").write_bytes(b"sk-canary is not the whole of it")
    assert leaks([KEY], [tmp_path]) == [f"{tmp_path}/deep/er/core: {KEY}"]


def test_the_search_finds_an_environment_and_a_child(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "PLANTED": KEY}) as parent:
        pids = wait_for(lambda: len(found := list(family(parent.pid))) == 2 and found)
        found = wait_for(lambda: leaks([KEY], [Path(f"/proc/{pid}/environ") for pid in pids]))
        assert len(found) == 2
        parent.communicate(b"\n")


_LOOK = (
    "import sys; open(f'/proc/{sys.argv[1]}/environ', 'rb').read(); open(f'/proc/{sys.argv[1]}/mem', 'rb')"
)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """The daemon where any user may read it, which may not be so of a clone or a folder of a test."""
    with tempfile.TemporaryDirectory(prefix="voiced-", dir="/tmp") as folder:
        shutil.copytree(ROOT / "daemon", Path(folder, "daemon"), ignore=shutil.ignore_patterns("__pycache__"))
        for path in (Path(folder), *Path(folder).rglob("*")):
            path.chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("private", [True, False])
def test_the_service_cannot_be_looked_into_by_its_own_user(private: bool, open_to_all: Path) -> None:
    """An owner's tool that starts a program, or a second service of the user: neither can read the key."""
    keep = "from daemon.service.systemd_notify import keep_memory_private as keep; keep();" if private else ""
    someone: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    python = os.path.realpath(sys.executable)
    program = f"import sys; sys.path.insert(0, {str(open_to_all)!r}); {keep} print('.', flush=True); input()"
    service = subprocess.Popen(
        [python, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **someone
    )
    with service:
        assert service.stdout is not None
        assert service.stdout.readline() == b".\n"
        look = subprocess.run([python, "-c", _LOOK, str(service.pid)], stderr=subprocess.PIPE, **someone)
        service.communicate(b"\n")
    assert (look.returncode != 0) is private, look.stderr
    assert (b"PermissionError" in look.stderr) is private
