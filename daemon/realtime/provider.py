"""A server of the Realtime protocol as a client must know it: its address, its headers, its prices.

Each one is a file in `daemon/realtime/providers`; all else asks `daemon.realtime.provider_registry`.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from daemon.realtime.address import AROUND, BEHIND, Address, AddressError, read_address
from daemon.realtime.prices import Prices
from daemon.text.masking import Secret


class Account(Protocol):
    """What of the owner's settings goes into headers."""

    @property
    def key_header(self) -> str:
        """The header that carries the key, or "bearer"."""

    @property
    def organization(self) -> str:
        """Whom it is billed to."""

    @property
    def project(self) -> str:
        """And for what."""


class Provider:
    """A server with an address of its owner's; one that differs says in what."""

    name: ClassVar[str]
    url_form: ClassVar[str] = ""
    """What an address of it looks like; empty: it has one address for everybody."""
    needs_key: ClassVar[bool] = False
    """Does it talk to nobody without one?"""
    is_brain: ClassVar[bool] = False
    """Is it the offline brain, which is on this machine or near it?"""

    def address(self, written: str, model: str) -> Address:
        """Where the server is that the owner wrote down, the model in it. Raises AddressError."""
        try:
            return self.read(written.strip(AROUND).rstrip(BEHIND + AROUND), model)
        except AddressError as error:
            raise AddressError(f'{error}; write url = "{self.url_form}"') from None

    def read(self, written: str, model: str) -> Address:
        """The same of an address without what people paste around it. Raises AddressError."""
        return read_address(written).of_realtime().with_model(model)

    def headers(self, account: Account, key: Secret | None) -> dict[str, str]:
        """What goes with the handshake."""
        headers = key_header(account.key_header, key)
        if account.organization:
            headers["OpenAI-Organization"] = account.organization
        if account.project:
            headers["OpenAI-Project"] = account.project
        return headers

    def prices(self, model: str, own: Prices | None) -> Prices | None:
        """The owner's own prices, else those we know; None where nobody has told them."""
        return own


def key_header(name: str, key: Secret | None) -> dict[str, str]:
    """The header with the key, if there is one."""
    if not key:
        return {}
    return {"Authorization": Secret(f"Bearer {key}")} if name.lower() == "bearer" else {name: key}
