"""Files of the owner's, from whatever editor: read right, or refused with what is wrong."""

from __future__ import annotations

import codecs
import io
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.commands.doctor.areas import AREAS, looked_at
from daemon.commands.doctor.config_check import run as check
from daemon.commands.doctor.finding import Finding
from daemon.commands.doctor.machine import InspectedMachine, Run, run_command
from daemon.commands.setup.asking import AnswerFile, SetupError
from daemon.commands.setup.interview import Interview
from daemon.commands.setup.templates import KEEP, beginning
from daemon.commands.terminal import Terminal
from daemon.config.draft import Draft
from daemon.config.error_messages import ConfigError
from daemon.config.loader import load, parse
from daemon.config.model import Config, RealtimeConfig
from daemon.network.credentials import KeyTextError, find_brain_key, find_key, key_of
from daemon.realtime.address import Address, read_brain
from daemon.text.text_file import MAX_BYTES, TextFileError, decoded, read_text

TEXT = '# für die Küche\n[realtime]\ninstructions = "Grüß Gott"\n'
KEY = "sk-proj-abc_DEF-0123456789=="
EDITORS = {
    "ours": lambda text: text.encode(),
    "without an end of line": lambda text: text.rstrip().encode(),
    "Notepad, UTF-8": lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode(),
    "Notepad, Unicode": lambda text: codecs.BOM_UTF16_LE + text.replace("\n", "\r\n").encode("utf-16-le"),
    "Notepad, big endian": lambda text: codecs.BOM_UTF16_BE + text.replace("\n", "\r\n").encode("utf-16-be"),
    "PowerShell 5": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "old Mac": lambda text: text.replace("\n", "\r").encode(),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "Latin-1": (TEXT.encode("latin-1"), "it is not UTF-8 in line 1"),
    "a Latin-1 letter further down": (b"#\n#\n# \xe9", "it is not UTF-8 in line 3"),
    "UTF-16 without its mark": (TEXT.encode("utf-16-le"), "UTF-8 in line 1|NUL bytes in line 1"),
    "UTF-16 that was cut": (codecs.BOM_UTF16_LE + b"a", "it is not UTF-16-LE in line 1"),
    "a power cut": (b"[realtime]\n" + bytes(4096), "NUL bytes in line 2"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it is not UTF-8 in line 1"),
    "the wrong file": (b"#" * (MAX_BYTES + 1), "it is larger than 1 MB"),
}


@pytest.fixture(autouse=True)
def no_other_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def written(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def with_key_file(path: Path | str, **more: Any) -> Config:
    return Config(realtime=RealtimeConfig(provider="openai", key_file=str(path), **more))


# ---------------------------------------------------------------- every file of text


@pytest.mark.parametrize("save", EDITORS.values(), ids=list(EDITORS))
def test_a_configuration_reads_the_same_from_every_editor(tmp_path: Path, save: Any) -> None:
    path = written(tmp_path, save(TEXT), "voiced.toml")
    assert load(path).realtime.instructions == "Grüß Gott"
    text, name = beginning(path, KEEP)
    assert text.rstrip() == TEXT.rstrip()
    assert name == str(path)


@pytest.mark.parametrize("save", EDITORS.values(), ids=list(EDITORS))
def test_an_answers_file_reads_the_same_from_every_editor(tmp_path: Path, save: Any) -> None:
    written(tmp_path, save(KEY + "\n"), "key")
    path = written(tmp_path, save(f'provider = "openai"\nkey_file = "{tmp_path}/key"\n'))
    answers = AnswerFile(path, Terminal(file=io.StringIO()))
    assert key_of(answers.secret()) == KEY


@pytest.mark.parametrize("save", EDITORS.values(), ids=list(EDITORS))
def test_a_key_file_reads_the_same_from_every_editor(tmp_path: Path, save: Any) -> None:
    assert find_key(with_key_file(written(tmp_path, save(KEY + "\n")))) == (KEY, "")


@pytest.mark.parametrize(("data", "problem"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_no_text_is_refused_with_what_is_wrong(tmp_path: Path, data: bytes, problem: str) -> None:
    path = written(tmp_path, data)
    with pytest.raises(ConfigError, match=rf"{path}: cannot be read \(.*({problem}).*\); \w+"):
        load(path)
    with pytest.raises(SetupError, match=problem):
        AnswerFile(path, Terminal(file=io.StringIO()))
    with pytest.raises(SetupError, match=problem):
        beginning(path, KEEP)
    key, trouble = find_key(with_key_file(path))
    assert key is None
    assert trouble.startswith(f"realtime.key_file: {path} cannot be read (")


def test_what_is_no_file_is_refused_and_nothing_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, problem in (
        (tmp_path, "it is a directory"),
        (tmp_path / "pipe", "it is a device or a pipe"),
        (Path("/dev/zero"), "it is a device or a pipe"),
        (tmp_path / "a\0b", "its name cannot be that of a file"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with pytest.raises(TextFileError, match=problem):
            read_text(path)
        assert problem in find_key(with_key_file(path)).trouble


def test_what_the_shell_gives_as_a_pipe_is_read() -> None:
    """As in `voiced config check --config <(...)`."""
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as pipe:  # noqa: PTH123
            pipe.write(TEXT.encode())

    later = threading.Timer(0.1, write)
    later.start()
    assert load(f"/dev/fd/{reading}").realtime.instructions == "Grüß Gott"
    later.join()
    os.close(reading)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_sentence(data: bytes) -> None:
    with suppress(TextFileError):
        assert not {"\r", "\0"} & set(decoded(data))


# ---------------------------------------------------------------- the configuration


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[realtime]\nprovider = “offline”",
            "line 2, column 12: there is a left double quotation mark in it",
        ),
        ('[realtime]\n\u00a0provider = "offline"', "line 2, column 1: there is a no-break space in it"),
        ('[realtime]\n\ufeffturn = "tap"', "there is a zero width no-break space in it"),
        ("[realtime]\nmax_wait_s = nan", "nan: this is no number that can be used"),
        ("[realtime]\nmax_wait_s = -inf", "-inf: this is no number that can be used"),
        ("[realtime]\nmax_wait_s = 1e999", "1e999: this is no number that can be used"),
        (f"[button]\npin = {'9' * 5000}", "this is not TOML"),
        ("x = " + "[" * 5000, "this is not TOML"),
        ("x = " + "{a=" * 5000, "this is not TOML"),
        ('[realtime]\norganization = "o\\r\\nEvil: yes"', "realtime.organization: this cannot be sent"),
        ('[realtime]\nproject = "ü"', "realtime.project: this cannot be sent"),
        ('[realtime]\nkey_file = "a\\u0000b"', "realtime.key_file: there is a NUL in this text"),
        ('[devices.lamp]\nkind = "led"\npin = 2\nsay = ["a\\u0000"]', "devices.lamp.say: there is a NUL"),
    ],
)
def test_what_toml_lets_through_or_chokes_on_is_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "voiced.toml")
    assert str(caught.value).startswith("voiced.toml: ")
    assert complaint in str(caught.value)


LINES = st.sampled_from(
    [
        "[realtime]",
        "[sound]",
        "[devices.x]",
        'kind = "led"',
        "pin = 2",
        "pin = 1e3",
        "say = [1]",
        "[[lamps]]",
        "=",
    ]
)


@given(st.lists(LINES | st.text(max_size=20), max_size=8))
def test_any_text_is_a_configuration_or_a_sentence(lines: list[str]) -> None:
    with_errors = "\n".join(lines)
    with suppress(ConfigError):
        assert isinstance(parse(with_errors, "voiced.toml"), Config)


# ---------------------------------------------------------------- a key


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"  {KEY}\t\n\n",
        f"# my key\n{KEY}\n",
        f"OPENAI_API_KEY={KEY}",
        f"OPENAI_API_KEY = '{KEY}'",
        f'export OPENAI_API_KEY="{KEY}"\n',
        f"set OPENAI_API_KEY={KEY}",
        f'$env:OPENAI_API_KEY = "{KEY}"',
        f"AZURE_OPENAI_API_KEY={KEY}",
        f"OPENAI={KEY}",
        f"export OPENAI_API_KEY={KEY};",
        f"{KEY};",
        f"'{KEY}' ;\n",
        f'"{KEY}",\n',
        f'$env:OPENAI_API_KEY = "{KEY}",',
        f'export OPENAI_API_KEY="{KEY}";',
        f"Environment=OPENAI_API_KEY={KEY}",
        f'Environment="OPENAI_API_KEY={KEY}"',
        f'"Bearer {KEY}"',
        f"api_key: {KEY}",
        f'"{KEY}"',
        f"Bearer {KEY}",
        f'Token = "{KEY}"',
    ],
)
def test_a_key_is_read_however_it_was_copied(text: str) -> None:
    assert key_of(text) == KEY


@pytest.mark.parametrize(
    "key", ["mykey==", "tokenA=", "abcSecret==", "eyJ.a-b_c.d+/=", "a" * 164, "key", "sk-1"]
)
def test_a_key_that_only_looks_like_an_assignment_stays_whole(key: str) -> None:
    assert key_of(key) == key


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sk-1 sk-2", "there is a blank in it"),
        ("sk-1\tsk-2", "there is a tab in it"),
        ("sk-1\nsk-2", "there are 2 lines in it"),
        ("sk-1\x0bEvil: yes", "there is a letter that is called u+000b in it"),
        ("sk‑1", "there is a letter that is called non-breaking hyphen in it"),
        ("“sk-1”", "there is a letter that is called left double quotation mark in it"),
        ("schlüssel", "there is a letter that is called latin small letter u with diaeresis in it"),
        ("sk-1\u200b", "there is a letter that is called zero width space in it"),
        ("sk-1\x7f", "there is a letter that is called u+007f in it"),
        ("<your-key>", "there is a letter that is called less-than sign in it"),
        ('{"key":"sk-1"}', "there is a letter that is called left curly bracket in it"),
        ('"sk-1', "there is a letter that is called quotation mark in it"),
        ("OPENAI_API_KEY=sk-1 # mine", "there is a blank in it"),
        ("OPENAI_API_KEY=sk-1\nOTHER=2", "there are 2 lines in it"),
        ("my pass phrase", "there is a blank in it"),
        ("k" * 5000, "it has 5000 letters"),
    ],
)
def test_what_is_no_key_is_refused_with_what_is_wrong_and_not_told(text: str, why: str) -> None:
    with pytest.raises(KeyTextError) as caught:
        key_of(text)
    assert str(caught.value) == why


@given(st.text(max_size=60))
def test_no_text_makes_a_key_that_could_be_a_header_of_its_own(text: str) -> None:
    try:
        key = key_of(text)
    except KeyTextError:
        return
    assert key is None or all("!" <= each <= "~" for each in key)


@pytest.mark.parametrize("key", [KEY[:-2], "0123456789abcdef" * 2])
def test_a_key_in_the_place_of_its_file_is_told_and_shown_nowhere(
    tmp_path: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_key(with_key_file(key)) == (
        None,
        "realtime.key_file: this is the key itself; write it into a file, and name that file here",
    )
    path = written(tmp_path, f'[realtime]\nprovider = "openai"\nkey_file = "{key}"'.encode(), "voiced.toml")
    assert check(path) == 2
    told = capsys.readouterr().out
    assert "V118: realtime.key_file: this is the key itself." in told
    assert key not in told


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing yet\n", "\ufeff", "OPENAI_API_KEY=\n", "export OPENAI_API_KEY=''"]
)
def test_an_empty_key_file_is_no_key(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text.encode())
    trouble = f"realtime.key_file: {path} is empty; write the key alone into it"
    assert find_key(with_key_file(path)) == (None, trouble)


def test_a_bad_key_goes_nowhere_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, b"sk-1\r\nEvil: yes", "realtime_key")
    written(tmp_path, b"sk-1 sk-2", "brain_key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert find_key(Config()).key is None
    assert "the stored key: what is in" in find_key(Config()).trouble
    assert "there are 2 lines in it" in find_key(Config()).trouble
    assert find_brain_key("") == (None, find_brain_key("").trouble)
    assert "there is a blank in it" in find_brain_key("").trouble
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1\nEvil: yes")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert find_key(Config()) == (
        None,
        "OPENAI_API_KEY: what is there is no key (there are 2 lines in it); write the key alone",
    )


def test_a_good_key_behind_a_bad_one_is_taken_and_the_bad_one_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f'"{KEY}"')
    assert find_key(with_key_file("/nowhere")) == (
        KEY,
        "realtime.key_file: /nowhere is not there; write the key alone into it",
    )


# ---------------------------------------------------------------- told by config check


BASE = """
[control]
socket = "{folder}/run/control.sock"
[state]
directory = "{folder}"
[tools]
directory = "{folder}/none"
"""


def found(folder: Path, text: str, base: str = BASE, run: Run = run_command) -> list[str]:
    path = written(folder, (base.format(folder=folder) + text).encode(), "voiced.toml")
    machine = InspectedMachine(path, run=run)
    titles = ("configuration", "key", "offline brain")
    said = [looked_at(machine, area) for area in AREAS if area.before_start and area.title in titles]
    return [
        f"{each.code} {each.sentence} {each.remedy}"
        for told in said
        for each in told
        if isinstance(each, Finding) and each.code not in ("V701", "V112")
    ]


def test_a_wire_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    remedy = 'Name a file in a folder that the service may write to, or write wire_log = "".'
    (tmp_path / "taken").write_text("")
    for path, problem in {
        "/nowhere/wire.jsonl": "there is no folder /nowhere",
        str(tmp_path): f"{tmp_path} is a directory",
        f"{tmp_path}/taken/wire.jsonl": f"there is no folder {tmp_path}/taken",
    }.items():
        told = found(tmp_path, f'[debug]\nwire_log = "{path}"')
        assert told == [f"V107 debug.wire_log: {problem}. {remedy}"]
    assert [each[:4] for each in found(tmp_path, f'[debug]\nwire_log = "{tmp_path}/wire.jsonl"')] == ["V105"]


@pytest.mark.parametrize(
    "address", ["8765", ":8765", "localhost", "ftp://h:1", "ws://", "h:99999", "h:0", "h:x", "[::1", "unix:"]
)
def test_an_address_of_the_brain_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    (told,) = found(tmp_path, f'[brain]\naddress = "{address}"')
    assert told.startswith("V703 brain.address: ")
    assert 'Write "unix:/run/voiced-brain.sock"' in told


@pytest.mark.parametrize(
    "address", ["127.0.0.1:9", "[::1]:9", " ws://localhost:9/ ", "wss://h.example:9/v1/realtime"]
)
def test_an_address_of_the_brain_that_is_one_is_taken(tmp_path: Path, address: str) -> None:
    assert not [
        each for each in found(tmp_path, f'[brain]\naddress = "{address}"') if each.startswith("V703")
    ]


@pytest.mark.parametrize("address", ["ws://me:canary@h:9", "me:canary@h:9", "http://canary@h/x", "h :9"])
def test_an_address_of_the_brain_with_what_does_not_belong_into_it_is_told_without_it(
    tmp_path: Path, address: str
) -> None:
    (told,) = found(tmp_path, f'[brain]\naddress = "{address}"')
    assert told.startswith("V703 brain.address: ")
    assert "canary" not in told


def test_the_path_of_the_brain_stands_before_its_query() -> None:
    assert read_brain("h:9?x=1") == Address("ws://h:9/v1/realtime?x=1")
    assert read_brain("h:9#top") == Address("ws://h:9/v1/realtime")


@pytest.mark.parametrize(
    ("socket", "problem"),
    [
        ("{folder}/voiced.toml", "{folder}/voiced.toml is there already, and is no socket"),
        ("{folder}/voiced.toml/control.sock", "{folder}/voiced.toml is no directory"),
        (f"/run/{'x' * 120}", "the path of a socket has at most 107 bytes"),
    ],
)
def test_a_control_socket_that_cannot_be_is_told(tmp_path: Path, socket: str, problem: str) -> None:
    base = BASE.replace("{folder}/run/control.sock", socket)
    (told,) = found(tmp_path, "", base)
    assert told.startswith(f"V108 control.socket: {problem.format(folder=tmp_path)}. Write socket = ")


def test_an_empty_configuration_is_told(tmp_path: Path) -> None:
    assert any(each.startswith("V106 ") for each in found(tmp_path, "\n", base=""))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"sk-1 sk-2",
            "V113 realtime.key_file: what is in {path} is no key (there is a blank in it). Write the key",
        ),
        (
            b"\xff\xfe\xff",
            "V113 realtime.key_file: {path} cannot be read (it is not UTF-16-LE in line 1). Save it",
        ),
        (None, "V111 realtime.key_file: {path} is not there. Write the key into it."),
    ],
)
def test_a_key_file_that_is_wrong_is_told(tmp_path: Path, data: bytes | None, words: str) -> None:
    path = tmp_path / "key"
    if data is not None:
        path.write_bytes(data)
        path.chmod(0o600)
    told = found(tmp_path, f'[realtime]\nprovider = "openai"\nkey_file = "{path}"')
    assert any(each.startswith(words.format(path=path)) for each in told), told


def test_a_key_file_that_the_service_may_not_read_is_told(tmp_path: Path) -> None:
    users = {
        ("systemctl", "show"): "LoadState=loaded\nUser=voiced",
        ("id", "-u"): "64999",
        ("id", "-Gn"): "voiced",
    }
    path = written(tmp_path, KEY.encode(), "key")
    path.chmod(stat.S_IRUSR)
    (told,) = found(
        tmp_path,
        f'[realtime]\nprovider = "openai"\nfallback = "none"\nkey_file = "{path}"',
        run=lambda *words: users.get(words[:2]),
    )
    assert told.startswith(f"V117 realtime.key_file: {path} cannot be read by the service's user voiced")


def test_setup_takes_a_key_as_it_was_copied_and_says_what_is_none(tmp_path: Path) -> None:
    def key(text: str) -> str | None:
        written(tmp_path, text.encode(), "key")
        answers = written(tmp_path, f'provider = "openai"\nkey_file = "{tmp_path}/key"'.encode())
        asker = AnswerFile(answers, Terminal(file=io.StringIO()))
        draft = Draft("", "voiced.toml")
        return Interview(asker, draft, None, key_stored=True, root=tmp_path).run()

    assert key(f'export OPENAI_API_KEY="{KEY}"\r\n') == KEY
    with pytest.raises(SetupError, match=r"This is no key \(there is a blank in it\)"):
        key("two words")
