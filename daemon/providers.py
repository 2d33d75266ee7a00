"""Where to connect and with which headers, for each provider (the GA forms of their addresses)."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from daemon.address import REALTIME_PATH, Address, read, with_model
from daemon.config import BrainConfig, Config, RealtimeConfig
from daemon.masking import Secret, keep_secret, keep_secrets_of

OPENAI_URL: Final = "wss://api.openai.com/v1/realtime"
CREDENTIAL: Final = "realtime_key"
PLAIN_CREDENTIAL: Final = f"{CREDENTIAL}_plain"
BRAIN_CREDENTIAL: Final = "brain_key"


class Endpoint(msgspec.Struct, frozen=True):
    """What a connection needs. `unix` is the path of a unix socket, else empty: then the URL says where.

    `direct`: whatever proxy the environment names. `ca_file`: whom to trust beside the system's authorities.
    """

    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    unix: str = ""
    direct: bool = False
    ca_file: str = ""


def resolve_key(config: Config) -> Secret | None:
    """The key of the cloud, None where there is none.

    From `realtime.key_file`, else from systemd's credentials, else from OPENAI_API_KEY.
    """
    keys = (*map(_key_in, _key_files(config)), os.environ.get("OPENAI_API_KEY", "").strip())
    return next((Secret(key) for key in keys if key), None)


def _key_files(config: Config) -> list[Path]:
    """Systemd gives the key under one name where it was encrypted, under another where it was not."""
    if config.realtime.key_file:
        return [Path(config.realtime.key_file)]
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return [Path(credentials, name) for name in (CREDENTIAL, PLAIN_CREDENTIAL)] if credentials else []


def brain_key(key_file: str) -> Secret | None:
    """The key that the brain asks for over TCP: from this file, else from systemd's credentials."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    path = key_file or (credentials and Path(credentials, BRAIN_CREDENTIAL))
    key = _key_in(Path(path)) if path else ""
    return Secret(key) if key else None


def _key_in(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def keyless(config: Config) -> bool:
    """Is there no key for a cloud that wants one, so that nobody but the offline brain can answer?"""
    wants_one = config.realtime.provider in ("openai", "azure")
    return wants_one and config.realtime.fallback == "offline" and resolve_key(config) is None


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
    keep_secrets_of(realtime.url)
    address = server_address(realtime)
    headers = _headers(realtime, key)
    if address.login and "authorization" not in map(str.lower, headers):
        headers["Authorization"] = _basic(address.login)
    return Endpoint(address.url, headers, ca_file=realtime.ca_file)


def _basic(login: str) -> Secret:
    """USER:PASSWORD as a header."""
    keep_secret(login.partition(":")[2])
    return Secret(f"Basic {base64.b64encode(login.encode()).decode()}")


def brain_endpoint(brain: BrainConfig) -> Endpoint:
    """The offline brain, by unix socket or by TCP."""
    if brain.address.startswith("unix:"):
        return Endpoint(
            f"ws://localhost{REALTIME_PATH}", unix=brain.address.removeprefix("unix:"), direct=True
        )
    address = brain.address if "://" in brain.address else f"ws://{brain.address}"
    path = "" if urlsplit(address).path.strip("/") else REALTIME_PATH
    key = brain_key(brain.key_file)
    headers: dict[str, str] = {"Authorization": Secret(f"Bearer {key}")} if key else {}
    return Endpoint(address.rstrip("/") + path, headers, direct=True)


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
