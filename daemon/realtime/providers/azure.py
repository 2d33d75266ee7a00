"""Azure: an address for each resource, in several forms; the key in its own header."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from daemon.realtime.address import REALTIME_PATH, Address, AddressError, AddressParts, read_address
from daemon.realtime.provider import Account, Provider, key_header
from daemon.text.masking import Secret

_HOSTS: Final = (
    ".openai.azure.com",
    ".openai.azure.us",
    ".services.ai.azure.com",
    ".cognitiveservices.azure.com",
)
_PAGES: Final = ("ai.azure.com", "oai.azure.com", "portal.azure.com", "learn.microsoft.com")
_PATH: Final = re.compile(r"/(?:openai|api/projects|models|realtime|v1)(?:/|$)", re.IGNORECASE)
_DEPLOYMENT: Final = re.compile(r"/deployments/([^/]+)")
_KEYS: Final = ("api-key", "subscription-key", "authorization", "key")


class Azure(Provider):
    """OpenAI's models on Microsoft Azure."""

    name = "azure"
    url_form = "https://NAME.openai.azure.com"
    needs_key = True

    def read(self, written: str, model: str) -> Address:
        """The address of the resource, or of a gateway in front of it."""
        parts = read_azure(read_address(written))
        if parts.login:
            raise AddressError("a user and a password do not belong into it")
        return parts.with_model(model)

    def headers(self, account: Account, key: Secret | None) -> dict[str, str]:
        """The key only: billing belongs to the resource."""
        return key_header("api-key", key)


def is_azure(host: str) -> bool:
    """Whether it is a host of Azure's own, not a gateway."""
    return host.endswith(_HOSTS)


def read_azure(parts: AddressParts) -> AddressParts:
    """The parts in Azure's present form. Raises AddressError."""
    scheme = "wss" if is_azure(parts.host) else parts.scheme
    return replace(parts, scheme=scheme, path=_path(parts), query=_query(parts))


def _path(parts: AddressParts) -> str:
    """The Realtime path, whatever page or older interface the address comes from."""
    path = re.sub("/+", "/", parts.path).rstrip("/")
    if parts.host in _PAGES:
        raise AddressError("it is the address of a web page, not of your resource")
    before = _PATH.split(path, maxsplit=1)[0]
    if is_azure(parts.host):
        if before:
            raise AddressError("it is the address of another service")
    elif path.endswith(REALTIME_PATH):
        return path  # the path of a gateway
    return f"{before}/openai{REALTIME_PATH}"


def _query(parts: AddressParts) -> tuple[str, ...]:
    """The query with `model`, whatever that was called before, and without a version."""
    asked = {_name(name): text for name, _, text in (pair.partition("=") for pair in parts.query)}
    if any(name in _KEYS for name in asked):
        raise AddressError("a key does not belong into it, `voiced setup` stores one")
    named = _DEPLOYMENT.search(re.sub("/+", "/", parts.path).rstrip("/"))
    deployment = asked.pop("deployment", "") or (named[1] if named else "")
    asked.pop("api-version", None)
    if deployment:
        asked.setdefault("model", deployment)
    return tuple(f"{name}={text}" for name, text in asked.items())


def _name(name: str) -> str:
    """The name of a known query parameter as we write it; others stay as they are."""
    known = name.lower().replace("_", "-")
    return known if known in ("model", "deployment", "api-version", *_KEYS) else name


PROVIDER: Final = Azure()
