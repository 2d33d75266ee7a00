"""The address and the headers of the configured provider."""

from __future__ import annotations

from typing import Final

import msgspec

from daemon.config.model import BrainConfig, Config, RealtimeConfig
from daemon.network.credentials import basic, find_brain_key, keyless, resolve_key
from daemon.realtime.address import Address
from daemon.realtime.provider import key_header
from daemon.realtime.provider_registry import BRAIN
from daemon.text.masking import Secret, keep_secret, keep_secrets_of

OPEN_S: Final = 10.0
CLOSE_S: Final = 0.5
"""How long opening a connection may take, and its end."""


class Endpoint(msgspec.Struct, frozen=True):
    """All that a connection needs. `unix` is the path of a unix socket; if it is empty, `url` says where.

    `direct`: use no proxy. `ca_file`: authorities to trust beside those of the system.
    """

    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    unix: str = ""
    direct: bool = False
    ca_file: str = ""


def falls_back(config: Config) -> bool:
    """Whether an offline brain can answer while the server is out of reach."""
    realtime = config.realtime
    return not realtime.server.is_brain and realtime.fallback == "offline" and not keyless(config)


def endpoint(config: Config) -> Endpoint:
    """The server of the configured provider; the key, if there is one, is in the headers."""
    realtime = config.realtime
    if realtime.server.is_brain or keyless(config):
        return brain_endpoint(config.brain)
    return cloud_endpoint(realtime, resolve_key(config))


def cloud_endpoint(realtime: RealtimeConfig, key: Secret | None) -> Endpoint:
    """The server of a provider that is not offline, with or without a key."""
    address = server_address(realtime)
    keep_secrets_of(address.url)
    keep_secret(address.login.partition(":")[2])
    headers = realtime.server.headers(realtime, key)
    if address.login and "authorization" not in map(str.lower, headers):
        headers["Authorization"] = basic(address.login)
    return Endpoint(address.url, headers, ca_file=realtime.ca_file)


def brain_endpoint(brain: BrainConfig) -> Endpoint:
    """The offline brain, by unix socket or by TCP. Raises AddressError."""
    address = BRAIN.address(brain.address, "")
    key = None if address.unix else find_brain_key(brain.key_file).key
    return Endpoint(address.url, key_header("bearer", key), unix=address.unix, direct=True)


def server_address(realtime: RealtimeConfig) -> Address:
    """The address of the configured server, with the model. Raises AddressError."""
    return realtime.server.address(realtime.url, realtime.model)
