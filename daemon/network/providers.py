"""Where to connect and with which headers, for each provider (the GA forms of their addresses)."""

from __future__ import annotations

import base64
from typing import Final

import msgspec

from daemon.config.address import Address, read, read_brain, with_model
from daemon.config.loader import BrainConfig, Config, RealtimeConfig
from daemon.network.credentials import find_brain_key, keyless, resolve_key
from daemon.text.masking import Secret, keep_secret, keep_secrets_of

OPENAI_URL: Final = "wss://api.openai.com/v1/realtime"


class Endpoint(msgspec.Struct, frozen=True):
    """What a connection needs. `unix` is the path of a unix socket, else empty: then the URL says where.

    `direct`: whatever proxy the environment names. `ca_file`: whom to trust beside the system's authorities.
    """

    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    unix: str = ""
    direct: bool = False
    ca_file: str = ""


def falls_back(config: Config) -> bool:
    """Is there an offline brain to go to while the server is out of reach?"""
    realtime = config.realtime
    return realtime.provider != "offline" and realtime.fallback == "offline" and not keyless(config)


def endpoint(config: Config) -> Endpoint:
    """The server of the configured provider; the key, if there is one, is in the headers."""
    realtime = config.realtime
    if realtime.provider == "offline" or keyless(config):
        return brain_endpoint(config.brain)
    return cloud_endpoint(realtime, resolve_key(config))


def cloud_endpoint(realtime: RealtimeConfig, key: Secret | None) -> Endpoint:
    """The server of a provider that is not offline, with or without a key."""
    address = server_address(realtime)
    keep_secrets_of(address.url)
    keep_secret(address.login.partition(":")[2])
    headers = _headers(realtime, key)
    if address.login and "authorization" not in map(str.lower, headers):
        headers["Authorization"] = _basic(address.login)
    return Endpoint(address.url, headers, ca_file=realtime.ca_file)


def _basic(login: str) -> Secret:
    """USER:PASSWORD as a header."""
    return Secret(f"Basic {base64.b64encode(login.encode()).decode()}")


def brain_endpoint(brain: BrainConfig) -> Endpoint:
    """The offline brain, by unix socket or by TCP. Raises AddressError."""
    url, unix = read_brain(brain.address)
    if unix:
        return Endpoint(url, unix=unix, direct=True)
    key = find_brain_key(brain.key_file).key
    headers: dict[str, str] = {"Authorization": Secret(f"Bearer {key}")} if key else {}
    return Endpoint(url, headers, direct=True)


def server_address(realtime: RealtimeConfig) -> Address:
    """Where the configured server is, the model in it. Raises AddressError."""
    if realtime.provider == "openai":
        return Address(with_model(OPENAI_URL, [], realtime.model))
    return read(realtime.provider, realtime.url, realtime.model)


def _headers(realtime: RealtimeConfig, key: Secret | None) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = "api-key" if realtime.provider == "azure" else realtime.key_header
    if key and name.lower() == "bearer":
        headers["Authorization"] = Secret(f"Bearer {key}")
    elif key:
        headers[name] = key
    if realtime.provider != "azure" and realtime.organization:
        headers["OpenAI-Organization"] = realtime.organization
    if realtime.provider != "azure" and realtime.project:
        headers["OpenAI-Project"] = realtime.project
    return headers
