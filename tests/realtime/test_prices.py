"""Tokens as servers tell them, and what they cost."""

from __future__ import annotations

import pytest
from msgspec import UNSET, structs

from daemon.config.error_messages import ConfigError
from daemon.config.loader import parse
from daemon.core import events as ev
from daemon.core.history.usage import Tokens
from daemon.realtime import events as wire
from daemon.realtime.events import InputTokens, OutputTokens, Response, Usage
from daemon.realtime.prices import FREE, Prices, cost_usd
from daemon.realtime.provider_registry import PROVIDERS
from tests.core.rig import Rig

MINI = PROVIDERS["openai"].prices("gpt-realtime-2.1-mini", None)
OWN = Prices(1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
WHOLE = Usage(
    total_tokens=200,
    input_tokens=150,
    output_tokens=50,
    input_token_details=InputTokens(
        text_tokens=120,
        audio_tokens=30,
        cached_tokens=64,
        cached_tokens_details={"text_tokens": 60, "audio_tokens": 4},
    ),
    output_token_details=OutputTokens(text_tokens=10, audio_tokens=40),
)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (None, Tokens()),
        (Usage(), Tokens()),
        (WHOLE, Tokens(120, 30, 60, 4, 10, 40, 0)),
        (Usage(input_tokens=9, output_tokens=5), Tokens(unsorted=14)),
        # Tokens of no named kind (reasoning) are text.
        (
            Usage(
                input_tokens=9,
                output_tokens=50,
                input_token_details=InputTokens(text_tokens=9),
                output_token_details=OutputTokens(text_tokens=5, audio_tokens=30),
            ),
            Tokens(input_text=9, output_text=20, output_audio=30),
        ),
        (
            Usage(
                input_token_details=InputTokens(
                    text_tokens=7, cached_tokens=5, cached_tokens_details={"text_tokens": None}
                ),
                output_token_details=UNSET,
            ),
            Tokens(input_text=7),
        ),
    ],
)
def test_usage_is_counted_by_kind(usage: Usage | None, counted: Tokens) -> None:
    tokens = Tokens()
    tokens.add(usage)
    assert tokens == counted


@pytest.mark.parametrize("number", [10**400, 10**30, -5])
def test_what_is_no_number_of_tokens_costs_nothing(number: int) -> None:
    tokens = Tokens()
    details = InputTokens(text_tokens=number, audio_tokens=number)
    tokens.add(Usage(input_tokens=number, output_tokens=number))
    tokens.add(Usage(input_tokens=9, input_token_details=details, output_token_details=UNSET))
    details.cached_tokens_details = {"text_tokens": number}
    tokens.add(Usage(input_tokens=9, input_token_details=details))
    assert tokens == Tokens(input_text=18)
    assert cost_usd(structs.asdict(tokens), MINI) == pytest.approx(18 * 0.6 / 1e6)


@pytest.mark.parametrize(
    ("provider", "model", "own", "input_audio"),
    [
        ("openai", "gpt-realtime-2.1", None, 32.0),
        ("openai", "gpt-realtime-2.1-mini", None, 10.0),
        ("openai", "gpt-realtime-mini-2025-12-15", None, 10.0),
        ("openai", "gpt-realtime-9", None, None),
        ("azure", "gpt-realtime", None, None),  # the name of a deployment, whatever is behind it
        ("azure", "gpt-realtime", OWN, 1.0),
        ("openai", "gpt-realtime", OWN, 1.0),
        ("offline", "small", OWN, 0.0),
    ],
)
def test_prices_are_the_owners_or_those_we_know(
    provider: str, model: str, own: Prices | None, input_audio: float | None
) -> None:
    prices = PROVIDERS[provider].prices(model, own)
    assert (prices and prices.input_audio) == input_audio


def test_a_turn_costs_what_the_price_list_says() -> None:
    tokens = Tokens(1000, 200, 600, 100, 50, 400, 0)
    dollars = (400 * 0.60 + 600 * 0.06 + 50 * 2.40 + 100 * 10 + 100 * 0.30 + 400 * 20) / 1e6
    assert cost_usd(structs.asdict(tokens), MINI) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("unsorted", "prices", "known"), [(0, None, False), (5, OWN, False), (5, FREE, True)]
)
def test_a_cost_that_is_not_known_is_not_made_up(unsorted: int, prices: Prices | None, known: bool) -> None:
    cost = cost_usd(structs.asdict(Tokens(unsorted=unsorted)), prices)
    assert (cost is not None) is known


def test_the_configuration_takes_prices_and_wants_all_of_them() -> None:
    kinds = ("input_text", "cached_text", "output_text", "input_audio", "cached_audio", "output_audio")
    whole = "[button]\npin = 17\n[realtime.prices]\n" + "".join(f"{kind} = 1.0\n" for kind in kinds)
    assert parse(whole, "voiced.toml").realtime.prices == OWN
    with pytest.raises(ConfigError, match="output_audio"):
        parse(whole.replace("output_audio = 1.0", ""), "voiced.toml")


# ---------------------------------------------------------------- as the machine counts them


def test_a_turn_counts_all_its_answers() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.receive(wire.ResponseDone(response=Response(id="resp_1", status="completed", usage=WHOLE)))
    rig.step(ev.PlaybackDrained(("item_1",)))
    (over,) = rig.found(ev.TurnOver)
    assert over.turn["tokens"]["output_audio"] == 40


def test_an_answer_that_is_cut_off_is_counted_when_its_turn_is_over_already() -> None:
    rig = Rig().start()
    rig.speak()
    rig.reply()
    rig.edge(True)
    rig.stopped()
    rig.receive(wire.ResponseDone(response=Response(id="resp_1", status="cancelled", usage=WHOLE)))
    (over,) = rig.found(ev.TurnOver)
    (late,) = rig.found(ev.LateTokens)
    assert over.turn["tokens"]["output_audio"] == 0
    assert late.tokens["output_audio"] == 40


def test_a_worn_session_and_a_forgotten_one_are_told_apart() -> None:
    rig = Rig(max_session_s=100.0).start()
    rig.wait(91.0)
    rig.connect()
    rig.step(ev.ForgetAsked())
    assert [each.why for each in rig.found(ev.Disconnect)] == ["worn", "forgotten"]
