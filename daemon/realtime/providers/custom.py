"""Any other server of the protocol, with or without a key."""

from __future__ import annotations

from typing import Final

from daemon.realtime.address import REALTIME_PATH, Address, read_address
from daemon.realtime.provider import Provider
from daemon.realtime.providers.azure import is_azure, read_azure


class Custom(Provider):
    """A server of the owner's choice; hosts of Azure follow Azure's rules."""

    name = "custom"
    url_form = f"wss://HOST{REALTIME_PATH}"

    def read(self, written: str, model: str) -> Address:
        """Read the address, by Azure's rules for its hosts. Raises AddressError."""
        parts = read_address(written)
        return (read_azure(parts) if is_azure(parts.host) else parts.of_realtime()).with_model(model)


PROVIDER: Final = Custom()
