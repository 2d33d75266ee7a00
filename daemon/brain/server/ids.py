"""Names for what a server makes: a prefix and random base 62, within the protocol's 32 characters."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.digits + string.ascii_letters


def new_id(prefix: str, length: int = 21) -> str:
    """`item_` and the like, with as many random characters as the real service uses."""
    return prefix + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in secrets.token_bytes(length))
