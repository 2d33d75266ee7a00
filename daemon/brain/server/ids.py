"""Ids of the server: a prefix and random base 62 characters, within the protocol's limit of 32."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.digits + string.ascii_letters


def new_id(prefix: str, length: int = 21) -> str:
    """A new id, with as many random characters as OpenAI's service uses."""
    return prefix + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in secrets.token_bytes(length))
