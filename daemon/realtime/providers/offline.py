"""The offline brain: on this machine by its unix socket, or in the local network over TCP; free of charge."""

from __future__ import annotations

from typing import Final

from daemon.realtime.address import Address, read_brain
from daemon.realtime.prices import FREE, Prices
from daemon.realtime.provider import Provider


class Offline(Provider):
    """Address and key come from `[brain]`."""

    name = "offline"
    is_brain = True

    def address(self, written: str, model: str) -> Address:
        """A unix socket, or an address in the local network. Raises AddressError."""
        return read_brain(written)

    def prices(self, model: str, own: Prices | None) -> Prices | None:
        """Zero, whatever the cloud costs."""
        return FREE


PROVIDER: Final = Offline()
