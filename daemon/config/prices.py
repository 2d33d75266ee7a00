"""What tokens cost, in US dollars for a million of each kind. Source: OpenAI's model pages, November 2026.

Prices change: `[realtime.prices]` in the configuration overrides this table. Transcription of the input is
billed apart from the answers and is not in here.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from daemon.realtime.events import Json

Dollars: TypeAlias = Annotated[float, Meta(ge=0)]


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """One model. `cached_*` is input that the server has seen before."""

    input_text: Dollars
    cached_text: Dollars
    output_text: Dollars
    input_audio: Dollars
    cached_audio: Dollars
    output_audio: Dollars


FREE: Final = Prices(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_LARGE: Final = Prices(4.0, 0.40, 24.0, 32.0, 0.40, 64.0)
_OLDER: Final = Prices(4.0, 0.40, 16.0, 32.0, 0.40, 64.0)
_MINI: Final = Prices(0.60, 0.06, 2.40, 10.0, 0.30, 20.0)
_OPENAI: Final = {
    "gpt-realtime-2.1": _LARGE,
    "gpt-realtime-2.1-mini": _MINI,
    "gpt-realtime-2": _LARGE,
    "gpt-realtime-1.5": _OLDER,
    "gpt-realtime": _OLDER,
    "gpt-realtime-mini": _MINI,
}
_DATED: Final = re.compile(r"-\d{4}-\d\d-\d\d$")


def prices_of(provider: str, model: str, own: Prices | None) -> Prices | None:
    """The owner's own prices, else those we know; None where nobody has told them."""
    if provider == "offline":
        return FREE
    if own is None and provider == "openai":
        return _OPENAI.get(_DATED.sub("", model))
    return own


def cost_usd(tokens: Json, prices: Prices | None) -> float | None:
    """The price of `Tokens` as a dict; None where it cannot be known."""
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
