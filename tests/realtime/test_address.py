"""The server's address as people paste it: read right and shown, or refused with the right form."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.uri import parse_uri

from daemon.commands.doctor import config_check
from daemon.config import loader
from daemon.config.error_messages import ConfigError
from daemon.config.model import Config
from daemon.network import endpoint as endpoints
from daemon.realtime.address import AddressError
from daemon.realtime.provider_registry import PROVIDERS

GA = "wss://me.openai.azure.com/openai/v1/realtime?model=d"
FOUNDRY = "wss://me.services.ai.azure.com/openai/v1/realtime?model=d"
SERVICES = "wss://me.cognitiveservices.azure.com/openai/v1/realtime?model=d"

AZURE = [
    ("https://me.openai.azure.com", GA),
    ("https://me.openai.azure.com/", GA),
    ("https://me.openai.azure.com//", GA),
    ("HTTPS://ME.OpenAI.Azure.COM/", GA),
    ("me.openai.azure.com", GA),
    ("//me.openai.azure.com/", GA),
    ("wss://me.openai.azure.com", GA),
    ("http://me.openai.azure.com", GA),
    ("ws://me.openai.azure.com:443/", GA),
    ("https://me.openai.azure.com:443/", GA),
    ("https://me.openai.azure.com./", GA),
    ("https://me.openai.azure.com/?", GA),
    ("https://me.openai.azure.com/&", GA),
    ("https://me.openai.azure.com&", GA),
    ("https://me.openai.azure.com/openai/v1/realtime&?", GA),
    ("https://me.openai.azure.com/, ", GA),
    ("https://me.openai.azure.com/?&", GA),
    ("https://me.openai.azure.com/#x", GA),
    ("https://me.openai.azure.com#", GA),
    ("  https://me.openai.azure.com/ ", GA),
    ("\t'https://me.openai.azure.com/'\n", GA),
    ('"https://me.openai.azure.com/"', GA),
    ("“https://me.openai.azure.com/”", GA),
    ("<https://me.openai.azure.com/>", GA),
    ("\ufeffhttps://me.openai.azure.com/\u200b", GA),
    ("https://me.openai.azure.com//openai//v1", GA),
    ("https://me.openai.azure.com/OpenAI/v1/", GA),
    ("https://me.openai.azure.com/openai/v1/realtime?model=", GA),
    ("https://me.openai.azure.com/openai", GA),
    ("https://me.openai.azure.com/openai/", GA),
    ("https://me.openai.azure.com/openai/v1", GA),
    ("https://me.openai.azure.com/openai/v1/", GA),
    ("https://me.openai.azure.com/openai/v1/realtime", GA),
    ("https://me.openai.azure.com/openai/v1/realtime/", GA),
    ("https://me.openai.azure.com/openai/v1/responses", GA),
    ("https://me.openai.azure.com/openai/v1/chat/completions", GA),
    ("wss://me.openai.azure.com/openai/v1/realtime?model=d&", GA),
    ("https://me.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=d", GA),
    ("https://me.openai.azure.com/openai/realtime?deployment=d&api-version=2025-04-01-preview&", GA),
    ("wss://me.openai.azure.com/openai/realtime?api-version=&deployment=d#top", GA),
    ("https://me.openai.azure.com/openai/deployments/d/realtime?api-version=2024-10-01-preview", GA),
    ("https://me.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01", GA),
    ("https://me.openai.azure.com/realtime", GA),
    ("https://me.openai.azure.com/v1/realtime", GA),
    ("https://me.services.ai.azure.com/", FOUNDRY),
    ("https://me.services.ai.azure.com/api/projects/home", FOUNDRY),
    ("https://me.services.ai.azure.com/api/projects/home/", FOUNDRY),
    ("https://me.services.ai.azure.com/api/projects/home/openai/v1", FOUNDRY),
    ("https://me.services.ai.azure.com/openai/v1/realtime", FOUNDRY),
    ("https://me.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview", FOUNDRY),
    ("https://me.cognitiveservices.azure.com/", SERVICES),
    ("https://me.cognitiveservices.azure.com/openai/realtime?api-version=x&deployment=d", SERVICES),
    ("https://me.openai.azure.com/openai/realtime?API-Version=x&Deployment=d", GA),
    ("https://me.openai.azure.com/openai/v1/realtime?Model=d&api_version=x", GA),
    ("https://me.openai.azure.com/openai/v1?API_KEY=sk-canary", None),
    ("https://me.openai.azure.com/openai/v1?Subscription_Key=sk-canary", None),
    ("https://me.openai.azure.us/openai/deployments/d/realtime?api-version=x", GA.replace(".com", ".us")),
    ("https://gate.example/v1/realtime", "wss://gate.example/v1/realtime?model=d"),
    ("https://gate.example/voice/openai", "wss://gate.example/voice/openai/v1/realtime?model=d"),
    ("https://gate.example:8443", "wss://gate.example:8443/openai/v1/realtime?model=d"),
    ("https://ai.azure.com/resource/deployments?wsid=/subscriptions/x", None),
    ("https://portal.azure.com/#home", None),
    ("https://me.services.ai.azure.com/voice-live/realtime?api-version=2025-10-01", None),
    ("https://me.cognitiveservices.azure.com/speechtotext/v3", None),
    ("https://me.openai.azure.com/openai/v1?api-key=sk-canary", None),
    ("https://me:pw-canary@me.openai.azure.com/", None),
]

CUSTOM = [
    ("ws://box:1/rt", "ws://box:1/rt?model=d"),
    ("WS://Box:1/RT", "ws://box:1/RT?model=d"),
    ("http://box/rt", "ws://box/rt?model=d"),
    ("https://box/rt", "wss://box/rt?model=d"),
    ("wss://box:443/rt", "wss://box/rt?model=d"),
    ("ws://box:80", "ws://box?model=d"),
    ("wss://box", "wss://box?model=d"),
    ("box.example/v1/realtime", "wss://box.example/v1/realtime?model=d"),
    ("box:8765", "wss://box:8765?model=d"),
    ("localhost:8765", "ws://localhost:8765?model=d"),
    ("127.0.0.1:8765/v1", "ws://127.0.0.1:8765/v1/realtime?model=d"),
    ("[::1]:8765", "ws://[::1]:8765?model=d"),
    ("https://box/v1", "wss://box/v1/realtime?model=d"),
    ("https://box/v1/", "wss://box/v1/realtime?model=d"),
    ("https://box/api/v1/chat/completions", "wss://box/api/v1/realtime?model=d"),
    ("wss://box/v1/realtime/", "wss://box/v1/realtime?model=d"),
    ("https://box/v1/realtime/client_secrets", "wss://box/v1/realtime?model=d"),
    ("wss://box/ws/realtime/", "wss://box/ws/realtime/?model=d"),
    ("wss://box/rt?", "wss://box/rt?model=d"),
    ("wss://box/rt?x=1&&y=2&", "wss://box/rt?x=1&y=2&model=d"),
    ("wss://box/rt?model=own", "wss://box/rt?model=own"),
    ("wss://box/rt#x", "wss://box/rt?model=d"),
    ("wss://box/é t".replace(" ", ""), "wss://box/%C3%A9t?model=d"),
    ("wss://box/a%20b?q=%26", "wss://box/a%20b?q=%26&model=d"),
    ("wss://bücher.example/rt", "wss://xn--bcher-kva.example/rt?model=d"),
    ("wss://[2001:DB8::7]:9/rt", "wss://[2001:db8::7]:9/rt?model=d"),
    ("wss://[fe80::1%25eth0]:9/rt", "wss://[fe80::1%eth0]:9/rt?model=d"),
    ("wss://[fe80::1%eth0]:9/rt", "wss://[fe80::1%eth0]:9/rt?model=d"),
    ("wss://faß.example/rt", None),
    ("::1", None),
    ("::1:8765", None),
    ("wss://2001:db8::1/rt", None),
    ("box:1:2/rt", None),
    ("wss://my_box/rt", "wss://my_box/rt?model=d"),
    ("https://me.openai.azure.com/openai/realtime?api-version=1&deployment=d", GA),
    ("localhost.:8765", "ws://localhost:8765?model=d"),
    ("wss://box/rt?model=&x=1", "wss://box/rt?x=1&model=d"),
    ("wss://wss://box/rt", None),
    ("https://https://box/v1", None),
    ("wss://https//box/v1", None),
    ("unix:/run/voiced-brain.sock", None),
    ("/v1/realtime", None),
    ("wss:///v1/realtime", None),
    ("wss://box:0/rt", None),
    ("wss://box:70000/rt", None),
    ("wss://box:port/rt", None),
    ("wss://box:-1/rt", None),
    ("wss://", None),
    ("wss:///rt", None),
    ("wss://[::1/rt", None),
    ("wss://[box]/rt", None),
    ("wss://a..b/rt", None),
    ("wss://" + "a" * 64 + "/rt", None),
    ("wss://-box/rt", None),
    ("wss://b ox/rt", None),
    ("wss://box/r t", None),
    ("wss://box/r\nt", None),
    ("wss://box/r\tt", None),
    ("wss://box/\x1b[2J", None),
    ("wss://box/\x00", None),
    ("wss://box@canary/x@/rt", "wss://canary/x@/rt?model=d"),
    ("wss://<host>/rt", None),
    ("wss:/box/rt", None),
    ("wss:box/rt", None),
    ("wss//box/rt", None),
    ("https:/box/rt", None),
    ("ftp://box/rt", None),
    ("file:///etc/passwd", None),
    ("unix:///run/x.sock", None),
    ("://box", None),
    ("?", None),
    ("#x", None),
    ("   ", None),
    ("wss://me:pw-canary@box:port/rt", None),
    ("ftp://me:pw-canary@box/rt", None),
    ("wss://me:pw\x1bcanary@box/rt", None),
]


def made(provider: str, url: str, **more: str) -> Config:
    quoted = "".join(f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 32 else c for c in url)
    lines = [f'provider = "{provider}"', f'url = "{quoted}"', 'model = "d"']
    lines += [f'{key} = "{value}"' for key, value in more.items()]
    return loader.parse("[realtime]\n" + "\n".join(lines), "voiced.toml")


CASES = [("azure", *case) for case in AZURE] + [("custom", *case) for case in CUSTOM]
READ = [case for case in CASES if case[2] is not None]
HOPELESS = [case[:2] for case in CASES if case[2] is None]


@pytest.mark.parametrize(("provider", "url", "read"), READ)
def test_an_address_is_read_as_people_paste_it(
    provider: str, url: str, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert endpoints.endpoint(made(provider, url)).url == read
    assert endpoints.endpoint(made(provider, read)).url == read


@pytest.mark.parametrize(("provider", "url"), HOPELESS)
def test_an_address_that_is_hopeless_is_refused_with_the_right_form(provider: str, url: str) -> None:
    form = "https://NAME.openai.azure.com" if provider == "azure" else "wss://HOST/v1/realtime"
    with pytest.raises(ConfigError) as said:
        made(provider, url)
    told = str(said.value)
    assert told.startswith("voiced.toml: realtime.url: ")
    assert told.endswith(f'write url = "{form}"')
    assert "canary" not in told
    assert told.isprintable()


def test_a_user_and_a_password_in_the_address_become_a_header(tmp_path: Path) -> None:
    endpoint = endpoints.endpoint(made("custom", "wss://me:p%40w@box/rt", key_file="/nowhere"))
    assert (endpoint.url, endpoint.headers["Authorization"]) == ("wss://box/rt?model=d", "Basic bWU6cEB3")
    assert "bWU6cEB3" not in repr(endpoint)
    (tmp_path / "key").write_text("sk-1")
    made_with_key = made(
        "custom", "wss://me:pw@box/rt", key_file=f"{tmp_path}/key", key_header="authorization"
    )
    assert endpoints.endpoint(made_with_key).headers == {"authorization": "sk-1"}


@pytest.mark.parametrize(
    ("provider", "url", "said"),
    [
        ("azure", "http://me.openai.azure.com/openai/realtime?deployment=d", f"is read as {GA}."),
        ("custom", "http://127.0.0.1:1/rt?canary", "is read as ws://127.0.0.1:1/rt?***&model=d."),
        ("custom", "http://127.0.0.1:1/rt?=canary", "is read as ws://127.0.0.1:1/rt?=***&model=d."),
        ("custom", "http://127.0.0.1:1/rt?token=canary", "is read as ws://127.0.0.1:1/rt?token=***&model=d."),
        ("custom", "ws://127.0.0.1:1/rt", ""),
        ("custom", "ws://127.0.0.1:1/rt?model=own", ""),
    ],
)
def test_config_check_shows_how_an_address_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], provider: str, url: str, said: str
) -> None:
    path = tmp_path / "voiced.toml"
    path.write_text(f'[realtime]\nprovider = "{provider}"\nurl = "{url}"\nmodel = "d"\n')
    config_check.run(path)
    told = capsys.readouterr().out
    assert (f"realtime.url {said}\n" in told) if said else ("is read as" not in told)
    assert "canary" not in told


PIECES = st.sampled_from(
    [
        *("https://", "wss://", "ws:", "//", "/", "?", "#", "&", "=", "@", ":", "[", "]", "::1", ".", ".."),
        *("me.openai.azure.com", "box", "localhost", "openai", "v1", "realtime", "deployments", "0", "443"),
        *("model", "deployment", "api-version", "api-key", "xn--", "x" * 70, "70000", "%", "%2", "é", "'"),
        *(" ", "\n", "\0", "\u202e", "\ud800"),
    ]
)


@given(st.sampled_from(["azure", "custom"]), st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_any_text_is_an_address_that_can_be_dialled_or_a_sentence(provider: str, text: str) -> None:
    try:
        read = PROVIDERS[provider].address(text, "d")
    except AddressError:
        return
    assert parse_uri(read.url).host
    assert read.url.isascii()
    assert read.url.isprintable()
    assert PROVIDERS[provider].address(read.url, "d").url == read.url
