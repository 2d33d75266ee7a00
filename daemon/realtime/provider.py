"""A provider of the Realtime protocol: its address, its headers, its prices.

Each one is a file in `daemon/realtime/providers`; all other code asks `daemon.realtime.provider_registry`.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from daemon.realtime.address import AROUND, BEHIND, Address, AddressError, read_address
from daemon.realtime.prices import Prices
from daemon.text.masking import Secret


class Account(Protocol):
    """The owner's settings that go into headers."""

    @property
    def key_header(self) -> str:
        """The header that carries the key, or "bearer"."""

    @property
    def organization(self) -> str:
        """The organisation that is billed."""

    @property
    def project(self) -> str:
        """The project that is billed."""


class Provider:
    """A server at an address that the owner gives; subclasses override what differs."""

    name: ClassVar[str]
    url_form: ClassVar[str] = ""
    """The form of its address; empty if it has one address for everybody."""
    needs_key: ClassVar[bool] = False
    """Whether it needs a key."""
    is_brain: ClassVar[bool] = False
    """Whether it is the offline brain, on this machine or in the local network."""

    def address(self, written: str, model: str) -> Address:
        """The server's address, with the model. Raises AddressError."""
        try:
            return self.read(written.strip(AROUND).rstrip(BEHIND + AROUND), model)
        except AddressError as error:
            raise AddressError(f'{error}; write url = "{self.url_form}"') from None

    def read(self, written: str, model: str) -> Address:
        """Read an address that was stripped of what people paste around it. Raises AddressError."""
        return read_address(written).of_realtime().with_model(model)

    def headers(self, account: Account, key: Secret | None) -> dict[str, str]:
        """The headers of the handshake."""
        headers = key_header(account.key_header, key)
        if account.organization:
            headers["OpenAI-Organization"] = account.organization
        if account.project:
            headers["OpenAI-Project"] = account.project
        return headers

    def prices(self, model: str, own: Prices | None) -> Prices | None:
        """The owner's prices, else those we know; None if neither is there."""
        return own


def key_header(name: str, key: Secret | None) -> dict[str, str]:
    """The header with the key, if there is one."""
    if not key:
        return {}
    return {"Authorization": Secret(f"Bearer {key}")} if name.lower() == "bearer" else {name: key}
