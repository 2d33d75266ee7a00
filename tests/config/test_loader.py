"""The configuration: what good files mean, and the sentence that each bad one earns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.config import loader
from daemon.config.error_messages import ConfigError
from daemon.devices import wiring
from daemon.network import credentials
from daemon.network import endpoint as endpoints
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay

LAMP = '[devices.lamp]\nkind = "pwm"\npin = 22\n'
HEATER = '[devices.heater]\nkind = "relay"\npin = 23\n'

BAD = {
    "syntax": ("[realtime]\nprovider = offline", "line 2, column 12: this is not TOML (Invalid value); mend"),
    "unclosed": ("[realtime", "end of document: this is not TOML"),
    "section": ("[realtme]", '[realtme]: there is no such section; did you mean "realtime"?'),
    "key": ("[sound]\nperod_ms = 10", 'sound: there is no key "perod_ms" here; did you mean "period_ms"?'),
    "far key": ("[log]\nxyzzy = 1", 'log: there is no key "xyzzy" here; choose one of transcripts'),
    "not a table": ("sound = 3", "sound: this is a whole number; write a table"),
    "provider": (
        '[realtime]\nprovider = "openia"',
        "realtime.provider: 'openia' is not possible; did you mean \"openai\"?",
    ),
    "rate": ("[sound]\nrate_hz = 11025", "sound.rate_hz: 11025 is not possible; choose one of 0, 8000,"),
    "type": ("[sound]\nmicrophone = 1", "sound.microphone: this is a whole number; write text in quotes"),
    "small": ("[sound]\nperiod_ms = 1", "sound.period_ms: this is too small; write 5 or more"),
    "large": ("[button]\npin = 1000", "button.pin: this is too large; write 511 or less"),
    "no folder of tools": ('[tools]\ndirectory = ""', "tools.directory: this is empty; write some text"),
    "turn": (
        '[realtime]\nturn = "voice"',
        "realtime.turn: 'voice' is not possible; choose one of hold, open, tap",
    ),
    "azure url": (
        '[realtime]\nprovider = "azure"',
        'realtime.url: the provider "azure" needs one; write url =',
    ),
    "custom url": ('[realtime]\nprovider = "custom"', 'realtime.url: the provider "custom" needs one'),
    "scheme": (
        '[realtime]\nprovider = "custom"\nurl = "ftp://box"',
        "realtime.url: it must begin with wss:// or ws://",
    ),
    "needless url": (
        '[realtime]\nurl = "ws://box"',
        'realtime.url: the provider "offline" has its own address',
    ),
    "key header": (
        '[realtime]\nkey_header = "api key"',
        'realtime.key_header: this is no header name; write "bearer"',
    ),
    "session type": (
        '[realtime.session]\ntype = "realtime"',
        "realtime.session.type: the daemon sets this itself; leave it out",
    ),
    "session format": (
        '[realtime.session.audio.input]\nformat = {type = "audio/pcmu"}',
        "realtime.session.audio.input.format: the daemon sets this itself",
    ),
    "detection": (
        '[realtime.session.audio.input.turn_detection]\ntype = "semantic_vad"',
        'turn_detection: the button ends a turn; write turn = "open" or "tap"',
    ),
    "kind": (
        '[devices.fan]\nkind = "pmw"\npin = 2',
        "devices.fan.kind: 'pmw' is not possible; did you mean \"pwm\"?",
    ),
    "no kind": (
        "[devices.fan]\npin = 2",
        'devices.fan: the key "kind" is missing; add it, one of buzzer, led,',
    ),
    "no pin": ('[devices.fan]\nkind = "pwm"', 'devices.fan: the key "pin" is missing; add it'),
    "device key": (
        LAMP + "at_strat = 50",
        'devices.lamp: there is no key "at_strat" here; did you mean "at_start"?',
    ),
    "device name": ('[devices."my lamp"]\nkind = "led"\npin = 2', 'devices."my lamp": this cannot be a key'),
    "two pins": (
        '[lamps.status]\nkind = "rgb"\npins = [5, 6]',
        "lamps.status.pins: this has 2 entries; write 3",
    ),
    "empty name": (LAMP + 'say = [""]', "devices.lamp.say[0]: this is empty; write some text"),
    "blank name": (
        LAMP + 'say = [" "]',
        "devices.lamp.say: a name is blank; write the words that people say",
    ),
    "state": (
        LAMP + 'at_start = "dim"',
        'devices.lamp.at_start: this is no state; write "on", "off", 0 to 100',
    ),
    "relay at 50": (
        HEATER + "at_start = 50",
        'devices.heater.at_start: this kind cannot be 50; write "on", "off"',
    ),
    "pwm in red": (LAMP + 'at_exit = "#ff0000"', "devices.lamp.at_exit: this kind cannot be '#ff0000'"),
    "shared pin": (
        "[button]\npin = 22\n" + LAMP,
        "devices.lamp.pin: pin 22 is taken by button.pin; give each its own pin",
    ),
    "pin twice": (
        '[lamps.status]\nkind = "rgb"\npins = [5, 6, 6]',
        "lamps.status.pins: pin 6 is taken by lamps.status.pins",
    ),
    "no button": (
        '[gpio]\nbackend = "lgpio"',
        "button.pin: the key is missing; write the line that the button",
    ),
    "same name": (
        LAMP + HEATER + 'say = ["oven", "Lamp"]',
        "devices.heater.say: 'lamp' is a name of 'lamp' too; choose another",
    ),
    "excludes nobody": (
        LAMP + 'exclusive_with = ["heter"]',
        "devices.lamp.exclusive_with: 'heter' is not another output: name one",
    ),
    "excludes itself": (
        LAMP + 'exclusive_with = ["lamp"]',
        "devices.lamp.exclusive_with: 'lamp' is not another output: name one",
    ),
    "both on": (
        LAMP + "at_start = 10\n" + HEATER + 'exclusive_with = ["lamp"]\nat_start = "on"',
        "devices.lamp.at_start: 'heater' excludes it and is on as well: let one be off",
    ),
    "servo": (
        '[devices.vent]\nkind = "servo"\npin = 2\nmin_pulse_ms = 2.0',
        "devices.vent.min_pulse_ms: it is not below max_pulse_ms; swap the two",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_file_earns_one_sentence_with_file_key_and_remedy(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loader.parse(text, "voiced.toml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("voiced.toml: ")
    assert "\n" not in str(caught.value)


def test_empty_file_is_an_offline_appliance_with_a_virtual_button() -> None:
    made = loader.parse("", "voiced.toml")
    assert (made.realtime.provider, made.realtime.model) == ("offline", "gpt-realtime-2.1-mini")
    assert (made.realtime.transcription, made.gpio.backend, made.devices) == (True, "virtual", {})


def test_it_listens_while_it_speaks_only_where_something_takes_the_echo_away() -> None:
    def full_duplex(text: str) -> bool:
        return loader.parse(text, "voiced.toml").sound.full_duplex

    assert not full_duplex("")
    assert not full_duplex('[sound]\necho = "off"')
    assert full_duplex('[sound]\necho = "card"')
    assert full_duplex('[sound]\necho = "auto"')


def test_devices_keep_their_order_and_kinds() -> None:
    made = loader.parse(HEATER + 'exclusive_with = ["lamp"]\n' + LAMP + "at_start = 30", "voiced.toml")
    assert list(made.devices) == ["heater", "lamp"]
    assert isinstance(made.devices["heater"], Relay)
    assert isinstance(made.devices["lamp"], Pwm)


def test_session_is_passed_through_as_it_is() -> None:
    text = '[realtime]\nturn = "tap"\n[realtime.session.audio]\noutput = {voice = "cedar"}\n'
    text += (
        'input = {turn_detection = {type = "semantic_vad"}}\n[realtime.session]\nmax_output_tokens = "inf"'
    )
    assert loader.parse(text, "voiced.toml").realtime.session == {
        "max_output_tokens": "inf",
        "audio": {"output": {"voice": "cedar"}, "input": {"turn_detection": {"type": "semantic_vad"}}},
    }


def test_files_that_cannot_be_read_are_sentences_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; copy"):
        loader.load(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        loader.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(ConfigError, match="it is not UTF-8"):
        loader.load(tmp_path / "latin.toml")


def test_demo_configuration_is_a_good_one() -> None:
    made = loader.load(Path(__file__).parents[2] / "deploy" / "demo.toml")
    names = [name for key, device in made.devices.items() for name in wiring.spoken_names(key, device)]
    assert {"lamp", "fan", "heater", "red light", "door", "temperature"} <= set(names)


def test_schema_is_json_and_refuses_unknown_keys() -> None:
    made = json.loads(json.dumps(loader.schema()))
    assert made["$defs"]["Config"]["additionalProperties"] is False
    assert {"realtime", "sound", "devices"} <= made["$defs"]["Config"]["properties"].keys()


ENDPOINTS = [
    ('provider = "openai"', "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini"),
    (
        'provider = "azure"\nurl = "https://me.openai.azure.com/"\nmodel = "my voice"',
        "wss://me.openai.azure.com/openai/v1/realtime?model=my%20voice",
    ),
    (
        'provider = "azure"\nurl = "wss://me.services.ai.azure.com/openai/v1/realtime"\nmodel = "d"',
        "wss://me.services.ai.azure.com/openai/v1/realtime?model=d",
    ),
    ('provider = "custom"\nurl = "ws://box:1/rt?x=1"\nmodel = "m"', "ws://box:1/rt?x=1&model=m"),
    ('provider = "custom"\nurl = "ws://box:1/rt?model=own"', "ws://box:1/rt?model=own"),
    ('provider = "custom"\nurl = "ws://box:1/rt"\nmodel = ""', "ws://box:1/rt"),
]


@pytest.mark.parametrize(("lines", "url"), ENDPOINTS)
def test_each_provider_has_its_address(lines: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert endpoints.endpoint(loader.parse(f"[realtime]\n{lines}", "voiced.toml")).url == url


@pytest.mark.parametrize(
    ("address", "url", "unix"),
    [
        ("unix:/run/brain.sock", "ws://localhost/v1/realtime", "/run/brain.sock"),
        ("127.0.0.1:8765", "ws://127.0.0.1:8765/v1/realtime", ""),
        ("ws://127.0.0.1:8765", "ws://127.0.0.1:8765/v1/realtime", ""),
        ("ws://127.0.0.1:8765/v1/realtime", "ws://127.0.0.1:8765/v1/realtime", ""),
    ],
)
def test_offline_brain_is_reached_by_socket_or_port(address: str, url: str, unix: str) -> None:
    made = loader.parse(f'[brain]\naddress = "{address}"', "voiced.toml")
    assert endpoints.endpoint(made) == endpoints.Endpoint(url, {}, unix, direct=True)


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        ('provider = "openai"\nproject = "p"', {"Authorization": "Bearer sk-1", "OpenAI-Project": "p"}),
        ('provider = "azure"\nurl = "https://me"', {"api-key": "sk-1"}),
        ('provider = "custom"\nurl = "ws://me"\nkey_header = "X-Key"', {"X-Key": "sk-1"}),
        ('provider = "offline"', {}),
    ],
)
def test_key_goes_into_the_right_header_and_never_into_a_repr(
    lines: str, headers: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("sk-1\n")
    made = loader.parse(f'[realtime]\nkey_file = "{tmp_path}/key"\n{lines}', "voiced.toml")
    assert endpoints.endpoint(made).headers == headers
    assert "sk-1" not in repr(endpoints.endpoint(made))
    assert "sk-1" not in repr(credentials.resolve_key(made))


@pytest.mark.parametrize(("fallback", "unix"), [("offline", "/run/voiced-brain.sock"), ("none", "")])
def test_without_a_key_the_offline_brain_answers_if_it_may(
    fallback: str, unix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    made = loader.parse(f'[realtime]\nprovider = "openai"\nfallback = "{fallback}"', "voiced.toml")
    assert endpoints.endpoint(made).unix == unix


def test_key_comes_from_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "realtime_key").write_text("sk-2\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    made = loader.parse('[realtime]\nprovider = "openai"', "voiced.toml")
    assert credentials.resolve_key(made) == "sk-2"


def test_key_comes_from_the_environment_where_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    made = loader.parse('[realtime]\nprovider = "openai"\nkey_file = "/nowhere"', "voiced.toml")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-2")
    assert credentials.resolve_key(made) == "sk-2"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert credentials.resolve_key(made) is None
    assert endpoints.endpoint(made).headers == {}


@pytest.mark.parametrize("origin", ["localhost:3000", "http://", "http://a/b", "*", "http://a b", ""])
def test_an_origin_that_no_browser_sends_is_refused_with_the_right_form(origin: str) -> None:
    with pytest.raises(ConfigError, match=r"brain\.origins: .* is no origin; write \"http://HOST:PORT\""):
        loader.parse(f'[brain]\norigins = ["{origin}"]', "voiced.toml")


def test_origins_that_browsers_send_are_taken() -> None:
    origins = ("http://localhost:3000", "https://panel.example/", "null", "moz-extension://a-b")
    written = ", ".join(f'"{each}"' for each in origins)
    assert loader.parse(f"[brain]\norigins = [{written}]", "voiced.toml").brain.origins == origins
