"""Prices of tokens, in US dollars per million of each kind; a provider's own prices are in its file."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from daemon.realtime.items import Json

Dollars: TypeAlias = Annotated[float, Meta(ge=0)]


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """The prices of one model. `cached_*` is input that the server has seen before."""

    input_text: Dollars
    cached_text: Dollars
    output_text: Dollars
    input_audio: Dollars
    cached_audio: Dollars
    output_audio: Dollars


FREE: Final = Prices(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def cost_usd(tokens: Json, prices: Prices | None) -> float | None:
    """The cost of `Tokens` as a dict; None if it cannot be known."""
    if prices is None or (tokens["unsorted"] and prices != FREE):
        return None
    cached_text = min(tokens["cached_text"], tokens["input_text"])
    cached_audio = min(tokens["cached_audio"], tokens["input_audio"])
    millionths: float = (
        (tokens["input_text"] - cached_text) * prices.input_text
        + cached_text * prices.cached_text
        + tokens["output_text"] * prices.output_text
        + (tokens["input_audio"] - cached_audio) * prices.input_audio
        + cached_audio * prices.cached_audio
        + tokens["output_audio"] * prices.output_audio
    )
    return millionths / 1e6
