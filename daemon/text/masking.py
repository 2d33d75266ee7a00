"""Secrets, and text without them: whatever leaves the process goes through `mask` or an `Outlet`.

What was a `Secret` once is hidden from then on: a key that was replaced may still be quoted, and be valid.
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
"""Fewer letters are no secret, and hiding them would make every text unreadable."""
_UNMISTAKABLE: Final = 8
"""From this length on a secret is found anywhere; a shorter one that could be a word, as a word alone."""
_RECOGNISED: Final = 16
"""So many letters of a longer secret give it away, wherever the text that quotes it was cut."""
_PIECE: Final = 6
"""So many letters of a secret's beginning, and a text that ends there goes on with the secret."""
_MAX_STREAMS: Final = 32
_BEGUN: Final = re.compile(r"(?:(?:\\+|%|&)[#0-9A-Za-z]{0,8})?")
"""What may stand at the end of a piece of a text, of a letter that is written otherwise."""
_LONGEST_LETTER: Final = 6
_SIGNS: Final = ("\\", "%", "&#")
"""Where none of them is, no letter is written otherwise than as it is."""
_IN_URLS: Final = re.compile(r"key|token|secret|sig|auth|pass|pwd|code|credential", re.IGNORECASE)


class Secret(str):
    """A key, or a header that holds one: it travels as text, never shows itself in a repr, and is masked."""

    def __new__(cls, text: str) -> Secret:
        """From now on `mask` hides it."""
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
        """What stands around it; where somebody has cut it off, as much of it as is there goes."""
        begin = 0
        while found := head.search(text, begin):
            yield text[begin : found.start()] + MASK
            begin, _ = _followed(self._rest, text, found.end())
        yield text[begin:]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it is in a text, at whose end it may have begun."""
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
    """How far these letters go on in a text from here, and how many of them do not come."""
    for count, letter in enumerate(letters):
        if not (there := letter.match(text, at)):
            return at, len(letters) - count
        at = there.end()
    return at, 0


@cache
def _letter(letter: str) -> re.Pattern[str]:
    return re.compile(_spelled(letter))


def _encoded(secret: bytes) -> tuple[str, ...]:
    """In hexadecimal and within base64, where a secret has three looks by what stands before it."""
    looks = []
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + secret).decode()
        looks.append(text[(offset * 8 + 5) // 6 : (offset + len(secret)) * 8 // 6])
    safe = [look.translate(str.maketrans("+/", "-_")) for look in looks]
    return tuple(dict.fromkeys([*looks, *safe, secret.hex(), secret.hex().upper()]))


_known: tuple[_Forms, ...] = ()
"""The longest first, as one may begin with another. Replaced whole: threads read it."""


def keep_secret(text: str) -> None:
    """Hide this text from now on."""
    global _known
    if len(text) >= _SHORTEST and all(each.plain != text for each in _known):
        _known = tuple(sorted((*_known, _Forms(text)), key=lambda each: -len(each.plain)))


def keep_secrets_of(url: str) -> None:
    """Hide what an address tells of credentials: its password, and what its query calls a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    in_query = (value for name, value in parse_qsl(parts.query) if _IN_URLS.search(name))
    for text in (parts.password or "", *in_query):
        keep_secret(text)
        keep_secret(unquote(text))


def mask(text: str) -> str:
    """The text with `***` in the place of every secret, in whichever form it is there."""
    for each in _known:
        text = each.cut_out(text)
    return text


class Outlet:
    """A way out for messages: every string in them is masked, and `delta` over the ends of its pieces."""

    def __init__(self) -> None:
        self._tails: dict[str, str] = {}

    def masked(self, message: Json, stream: str = "") -> Json:
        """The message without secrets; `stream` tells apart what comes in pieces at the same time."""
        if not _known:
            return message
        clean: Json = masked(message)
        if isinstance(delta := message.get("delta"), str):
            clean["delta"] = self._piece(f"{stream} {message.get('type') or message.get('event')}", delta)
        return clean

    def _piece(self, stream: str, piece: str) -> str:
        """A piece of a text, without what of a secret ends, goes on, or begins in it."""
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
    """Where secrets are in a text, in order and apart; at its end also one that may go on behind it."""
    found = [span for each in _known if each.unmistakable for span in each.spans(text)]
    apart: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if apart and begin <= apart[-1][1]:
            begin, end = apart[-1][0], max(end, apart.pop()[1])
        apart.append((begin, end))
    return apart


def masked(value: Any) -> Any:
    """What may become JSON, with `***` for every secret in its texts; numbers are none."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {mask(key) if isinstance(key, str) else key: masked(each) for key, each in value.items()}
    return [masked(each) for each in value] if isinstance(value, list | tuple) else value
