"""OpenAI's own server: one address for everybody, and prices that we know.

The source of the prices is OpenAI's pages of its models, November 2026. Prices change: `[realtime.prices]` in
the configuration overrides these. Transcription of the input is billed apart from the answers.
"""

from __future__ import annotations

import re
from typing import Final

from daemon.realtime.address import Address, with_model
from daemon.realtime.prices import Prices
from daemon.realtime.provider import Provider

URL: Final = "wss://api.openai.com/v1/realtime"

_LARGE: Final = Prices(4.0, 0.40, 24.0, 32.0, 0.40, 64.0)
_OLDER: Final = Prices(4.0, 0.40, 16.0, 32.0, 0.40, 64.0)
_MINI: Final = Prices(0.60, 0.06, 2.40, 10.0, 0.30, 20.0)
_PRICES: Final = {
    "gpt-realtime-2.1": _LARGE,
    "gpt-realtime-2.1-mini": _MINI,
    "gpt-realtime-2": _LARGE,
    "gpt-realtime-1.5": _OLDER,
    "gpt-realtime": _OLDER,
    "gpt-realtime-mini": _MINI,
}
_DATED: Final = re.compile(r"-\d{4}-\d\d-\d\d$")


class OpenAI(Provider):
    """OpenAI's service."""

    name = "openai"
    needs_key = True

    def address(self, written: str, model: str) -> Address:
        """Its only address, whatever is configured."""
        return Address(with_model(URL, [], model))

    def prices(self, model: str, own: Prices | None) -> Prices | None:
        """The prices of its models, with or without a date in the name."""
        return own or _PRICES.get(_DATED.sub("", model))


PROVIDER: Final = OpenAI()
