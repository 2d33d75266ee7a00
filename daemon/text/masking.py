"""Masks secrets: all text that leaves the process goes through `mask` or an `Outlet`.

Every `Secret` is masked from its creation on: even a replaced key may be quoted, and still be valid.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

Json: TypeAlias = dict[str, Any]

MASK: Final = "***"
_SHORTEST: Final = 4
"""A shorter text is no secret, and masking it would make every text unreadable."""
_UNMISTAKABLE: Final = 8
"""From this length on a secret is found anywhere; a shorter one that could be a word only as a whole word."""
_RECOGNISED: Final = 16
"""So many letters of a longer secret are masked too, as a text that quotes it may be cut anywhere."""
_PIECE: Final = 6
"""If a text ends with so many letters of a secret's beginning, the secret may go on in the next piece."""
_MAX_STREAMS: Final = 32
_BEGUN: Final = re.compile(r"(?:(?:\\+|%|&)[#0-9A-Za-z]{0,8})?")
"""The beginning of an escape sequence, at the end of a piece of text."""
_LONGEST_LETTER: Final = 6
_SIGNS: Final = ("\\", "%", "&#")
"""A text without any of these has no escape sequences."""
_IN_URLS: Final = re.compile(r"key|token|secret|sig|auth|pass|pwd|code|credential", re.IGNORECASE)


class Secret(str):
    """A key, or a header that holds one: a str that is hidden in its repr and masked in all output."""

    def __new__(cls, text: str) -> Secret:
        """Register it with `mask`."""
        keep_secret(text.removeprefix("Bearer "))
        return super().__new__(cls, text)

    def __repr__(self) -> str:
        return f"'{MASK}'"


class _Forms:
    """One secret in every form in which a text may hold it."""

    def __init__(self, secret: str) -> None:
        self.plain = secret
        self.unmistakable = len(secret) >= (_UNMISTAKABLE if secret.isalpha() else _PIECE)
        self.piece = min(_PIECE, len(secret) // 2 + 1)
        self._word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])")
        self._spelled = re.compile("".join(map(_spelled, secret)))
        self._head = re.compile(re.escape(secret[:_RECOGNISED]))
        self._spelled_head = re.compile("".join(map(_spelled, secret[:_RECOGNISED])))
        self._rest = [_letter(letter) for letter in secret[_RECOGNISED:]]
        self._encoded = _encoded(secret.encode(errors="replace"))
        self._begin = re.compile(re.escape(secret[: self.piece]))
        self._spelled_begin = re.compile("".join(map(_spelled, secret[: self.piece])))
        self._behind = [_letter(letter) for letter in secret[self.piece :]]

    def cut_out(self, text: str) -> str:
        """The text without it."""
        if not self.unmistakable:
            return self._word.sub(MASK, text)
        spelled = _is_spelled(text)
        if spelled:
            text = self._spelled.sub(MASK, text)
        text = "".join(self._around(text, self._spelled_head if spelled else self._head))
        for form in self._encoded:
            text = text.replace(form, MASK)
        return text

    def _around(self, text: str, head: re.Pattern[str]) -> Iterator[str]:
        """The text around it; where it was cut off, the part that is there is masked."""
        begin = 0
        while found := head.search(text, begin):
            yield text[begin : found.start()] + MASK
            begin, _ = _followed(self._rest, text, found.end())
        yield text[begin:]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it is in a text; at the end there may be just its beginning."""
        begin = self._spelled_begin if _is_spelled(text) else self._begin
        for found in begin.finditer(text):
            end, missing = _followed(self._behind, text, found.end())
            if missing and _BEGUN.fullmatch(text, end):
                yield found.start(), len(text)
            elif missing == 0 or len(self.plain) - missing >= _RECOGNISED:
                yield found.start(), end


def _spelled(letter: str) -> str:
    """A letter as it is, with backslashes, or by its number as JSON, HTML and URLs write it."""
    quoted = "".join(
        rf"(?:%(?:25){{0,4}}|\\{{1,8}}x)(?i:{byte:02x})" for byte in letter.encode(errors="replace")
    )
    number = ord(letter)
    in_html = f"&#(?:0{{0,6}}{number}|[xX]0{{0,6}}(?i:{number:x}));"
    return rf"(?:\\{{1,8}}u(?i:{number:04x})|{in_html}|{quoted}|\\{{0,8}}{re.escape(letter)})"


def _is_spelled(text: str) -> bool:
    return any(sign in text for sign in _SIGNS)


def _followed(letters: list[re.Pattern[str]], text: str, at: int) -> tuple[int, int]:
    """How far these letters match the text from here, and how many are missing."""
    for count, letter in enumerate(letters):
        if not (there := letter.match(text, at)):
            return at, len(letters) - count
        at = there.end()
    return at, 0


@cache
def _letter(letter: str) -> re.Pattern[str]:
    return re.compile(_spelled(letter))


def _encoded(secret: bytes) -> tuple[str, ...]:
    """It in hexadecimal and in base64, where it has three forms by its offset."""
    looks = []
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + secret).decode()
        looks.append(text[(offset * 8 + 5) // 6 : (offset + len(secret)) * 8 // 6])
    safe = [look.translate(str.maketrans("+/", "-_")) for look in looks]
    return tuple(dict.fromkeys([*looks, *safe, secret.hex(), secret.hex().upper()]))


_known: tuple[_Forms, ...] = ()
"""The longest first, as one may begin with another. Replaced as a whole, because threads read it."""


def keep_secret(text: str) -> None:
    """Mask this text from now on."""
    global _known
    if len(text) >= _SHORTEST and all(each.plain != text for each in _known):
        _known = tuple(sorted((*_known, _Forms(text)), key=lambda each: -len(each.plain)))


def keep_secrets_of(url: str) -> None:
    """Mask the credentials in an address: its password, and a key in its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    in_query = (value for name, value in parse_qsl(parts.query) if _IN_URLS.search(name))
    for text in (parts.password or "", *in_query):
        keep_secret(text)
        keep_secret(unquote(text))


def mask(text: str) -> str:
    """The text with `***` for every secret, in any of its forms."""
    for each in _known:
        text = each.cut_out(text)
    return text


class Outlet:
    """Masks outgoing messages: every string in them, and `delta` across its pieces."""

    def __init__(self) -> None:
        self._tails: dict[str, str] = {}

    def masked(self, message: Json, stream: str = "") -> Json:
        """The message without secrets; `stream` tells apart texts that come in pieces at the same time."""
        if not _known:
            return message
        clean: Json = masked(message)
        if isinstance(delta := message.get("delta"), str):
            clean["delta"] = self._piece(f"{stream} {message.get('type') or message.get('event')}", delta)
        return clean

    def _piece(self, stream: str, piece: str) -> str:
        """A piece of a text, without any part of a secret."""
        before = self._tails.pop(stream, "")
        text = before + piece
        self._tails[stream] = text[1 - _LONGEST_LETTER * max(len(each.plain) for each in _known) :]
        if len(self._tails) > _MAX_STREAMS:
            del self._tails[next(iter(self._tails))]
        for begin, end in reversed(_spans(text)):
            if end > len(before):
                goes_on = len(before) - begin >= _PIECE
                text = text[: max(begin, len(before))] + ("" if goes_on else MASK) + text[end:]
        return mask(text[len(before) :])


def _spans(text: str) -> list[tuple[int, int]]:
    """Where secrets are in a text, in order, merged; at the end perhaps just the beginning of one."""
    found = [span for each in _known if each.unmistakable for span in each.spans(text)]
    apart: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if apart and begin <= apart[-1][1]:
            begin, end = apart[-1][0], max(end, apart.pop()[1])
        apart.append((begin, end))
    return apart


def masked(value: Any) -> Any:
    """A JSON value with `***` for every secret in its strings."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(key) if isinstance(key, str) else key: masked(each) for key, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, list | tuple) else value
