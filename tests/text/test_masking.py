"""Secrets: in whichever form a text holds one, it leaves without it."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.telemetry.record_limit import shortened
from daemon.text.masking import Outlet, Secret, keep_secrets_of, mask
from tests.conftest import forget_secrets

KEY = "sk-canary/0123+456789-abcdef"
LATE = "sk-canary-0123456789-ab/456789+cdef=ghi"
"""Its first letter that others write otherwise stands where the key has given itself away."""
LETTERS = st.text("abcdefghij-_/+=", min_size=8, max_size=60)


def basic(before: str) -> str:
    return base64.b64encode(f"{before}{KEY}".encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        f"Bearer {KEY}",
        json.dumps({"key": KEY}),
        json.dumps(json.dumps({"arguments": json.dumps({"key": KEY})})),
        KEY.replace("/", r"\/"),
        KEY.replace("+", r"\u002b").replace("/", r"\u002F"),
        "".join(f"\\u{ord(letter):04x}" for letter in KEY),
        quote(KEY, safe=""),
        quote(quote(KEY, safe=""), safe=""),
        "".join(f"%{ord(letter):02X}" for letter in KEY),
        f"wss://host/v1?api_key={quote(KEY, safe='')}&x=1",
        f"https://user:{quote(KEY, safe='')}@proxy:3128",
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
        "".join(f"\\x{ord(letter):02x}" for letter in KEY),
        "".join(f"&#{ord(letter)};" for letter in KEY),
        KEY.replace("/", "&#x2F;").replace("+", "&#043;"),
        quote(LATE, safe=""),
        json.dumps(LATE).replace("/", r"\/"),
        LATE.replace("/", "&#x2f;").replace("+", r"\u002B"),
        f"{quote(KEY, safe='')[:25]} [cut]",
        f"{KEY[:20]} [cut]",
        f"line\n{KEY}\nline",
        f"{KEY}{KEY}",
    ],
)
def test_a_secret_is_masked_in_every_form(written: str) -> None:
    Secret(KEY)
    Secret(LATE)
    masked = mask(f"before {written} behind")
    assert "***" in masked
    assert "canary" not in masked
    assert "456789" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" behind")


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "Bearer ", '{"key": "'])
@pytest.mark.parametrize("alphabet", ["+/", "-_"])
def test_a_secret_within_base64_is_masked_wherever_it_begins(before: str, alphabet: str) -> None:
    Secret(KEY)
    text = base64.b64encode(f"{before}{KEY} and more".encode(), alphabet.encode()).decode()
    masked = mask(text)
    left = "".join(masked.split("***"))
    assert len(left) <= len(text) - len(KEY) * 4 // 3 + 2
    assert masked.startswith(text[: len(before)])


def test_the_secrets_of_the_past_are_masked_beside_the_present() -> None:
    Secret("sk-first-0123456789")
    Secret("sk-first-0123456789-and-longer")
    Secret("sk-other-0123456789")
    assert mask("sk-first-0123456789-and-longer, sk-first-0123456789, sk-other-0123456789") == "***, ***, ***"


def test_a_short_secret_is_masked_as_a_word_and_nowhere_else() -> None:
    Secret("dummy")
    Secret("a")
    assert mask("a dummy is no dummyish thing: dummy.") == "a *** is no dummyish thing: ***."


def test_a_short_secret_that_is_no_word_is_masked_everywhere() -> None:
    """As LiteLLM's own in its manual."""
    Secret("sk-1234")
    assert mask('{"key":"sk-1234"},xsk-1234x') == '{"key":"***"},x***x'
    assert "c2stMTIzN" not in mask(base64.b64encode(b"u:sk-1234").decode())
    outlet = Outlet()
    shown = [outlet.masked({"event": "a", "delta": piece})["delta"] for piece in ("it is sk-", "12", "34.")]
    assert shown == ["it is sk-", "***", "***."]


def test_what_an_address_tells_of_credentials_is_masked() -> None:
    keep_secrets_of(
        "wss://anna:pa%2Fss-word@host/v1?api-key=abc%2Bdef-0123&model=gpt-realtime&sig=signed-0123"
    )
    said = "pa%2Fss-word pa/ss-word abc+def-0123 abc%2Bdef-0123 signed-0123 gpt-realtime anna"
    assert mask(said) == "*** *** *** *** *** gpt-realtime anna"
    keep_secrets_of("wss://[broken")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 9, 14, 27])
def test_a_secret_that_comes_in_pieces_is_masked_over_their_ends(size: int) -> None:
    Secret(KEY)
    outlet = Outlet()
    text = f"Your key is {KEY}, and again {KEY}."
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    shown = "".join(outlet.masked({"event": "assistant", "delta": piece})["delta"] for piece in pieces)
    assert "ary/" not in shown
    assert "0123" not in shown
    assert "6789" not in shown
    assert shown.startswith("Your key is ")
    assert ", and again " in shown
    assert shown.endswith(".")


@pytest.mark.parametrize("written", [quote(LATE, safe=""), json.dumps(LATE).replace("/", r"\/")])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 9, 14, 27])
def test_a_secret_in_another_spelling_is_masked_over_the_ends_of_its_pieces(size: int, written: str) -> None:
    Secret(LATE)
    outlet, text = Outlet(), f"before {written} behind"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    said = "".join(outlet.masked({"type": "x", "delta": piece})["delta"] for piece in pieces)
    assert "canary" not in said
    assert "456789" not in said
    assert "ghi" not in said
    assert said.startswith("before ")
    assert said.endswith(" behind")


def test_pieces_of_different_streams_are_kept_apart() -> None:
    Secret(KEY)
    outlet = Outlet()

    def said(event: str, piece: str, stream: str = "") -> str:
        return str(outlet.masked({"event": event, "delta": piece}, stream)["delta"])

    assert said("user", KEY[:9]) == "***"
    assert said("assistant", KEY[9:]) == KEY[9:]
    assert said("user", KEY[9:], "other") == KEY[9:]
    assert said("user", KEY[9:] + "!") == "!"


def test_a_message_is_masked_in_depth_and_keeps_its_shape() -> None:
    Secret(KEY)
    message = {"ok": True, "turn": {"tool_calls": [{"arguments": json.dumps({KEY: KEY}), "n": 3}]}, KEY: None}
    assert Outlet().masked(message) == {
        "ok": True,
        "turn": {"tool_calls": [{"arguments": '{"***": "***"}', "n": 3}]},
        "***": None,
    }


@given(LETTERS, st.text(max_size=40), st.text(max_size=40), st.lists(st.integers(1, 30), max_size=20))
def test_no_cutting_lets_a_secret_through(key: str, before: str, behind: str, sizes: list[int]) -> None:
    forget_secrets()
    Secret(key)
    text, outlet, shown = before + key + behind, Outlet(), ""
    for size in [*sizes, len(text)]:
        piece, text = text[:size], text[size:]
        shown += outlet.masked({"event": "assistant", "delta": piece})["delta"]
    assert key not in shown.replace("***", "") or key in before + behind


@given(LETTERS, st.text(max_size=80))
def test_a_text_without_a_secret_stays_as_it_is(key: str, text: str) -> None:
    forget_secrets()
    Secret("0" + key)
    assert mask(text.replace("0", "")) == text.replace("0", "")


HOSTILE = {
    "backslashes": "\\" * 2**20,
    "mixed": ("\\" * 7 + "s") * 2**17,
    "percents": "%25" * (2**20 // 3),
    "almost": KEY[:-1] * (2**20 // len(KEY)) + "%",
    "first letter": "\\" + "s" * 2**20,
}


@pytest.mark.parametrize("text", list(HOSTILE.values()), ids=list(HOSTILE))
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    Secret(KEY)

    def cost(text: str) -> float:
        begun = time.process_time()
        mask(text)
        return time.process_time() - begun

    quarter = min(cost(text[: len(text) // 4]) for _ in range(3))
    assert cost(text) < 12 * quarter + 0.05


@pytest.mark.parametrize("cut_at", range(1, len(KEY) + 1, 3))
def test_a_key_at_the_cut_of_a_long_text_is_masked_as_a_whole(cut_at: int) -> None:
    Secret(KEY)
    shown = shortened("x" * (100 - cut_at) + KEY + "y" * 100, 100)
    assert "sk-" not in shown
    assert shown.startswith("x" * (100 - cut_at) + "***"[:cut_at])
