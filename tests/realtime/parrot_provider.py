"""A provider as `daemon/realtime/providers` would hold it: the whole of what is to be written for one."""

from __future__ import annotations

from typing import Final

from daemon.realtime.prices import FREE, Prices
from daemon.realtime.provider import Account, Provider, key_header
from daemon.text.masking import Secret


class Parrot(Provider):
    """A server that says what it has heard, to those with a key."""

    name = "parrot"
    url_form = "wss://parrot.example/v1/realtime"
    needs_key = True

    def headers(self, account: Account, key: Secret | None) -> dict[str, str]:
        """The key in a header of its own, and whom it is for."""
        return key_header("x-parrot-key", key) | {"x-perch": account.project}

    def prices(self, model: str, own: Prices | None) -> Prices | None:
        """It works for nothing."""
        return FREE


PROVIDER: Final = Parrot()
