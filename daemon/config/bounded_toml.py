"""TOML with limits for a configuration; tomllib has none, and takes quadratic time for the parts of a key."""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from typing import Any, Final

from daemon.errors import OwnerError

MAX_CHARACTERS: Final = 256 * 1024
MAX_PARTS: Final = 64
_PART: Final = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_LONG_KEY: Final = re.compile(rf"(?<![\w.\"'-])(?:{_PART}){{{MAX_PARTS}}}")
_STRANGE: Final = re.compile("[\u00a0\u200b-\u200f\u2018-\u201f\u2028-\u202f\u2060\ufeff\u00ab\u00bb\u3000]")
"""Characters that word processors and web pages put in place of quotes and spaces."""


class TomlError(OwnerError, ValueError):
    """Not TOML, or too large for a configuration; the message says where, and what to do."""


def tables(text: str) -> dict[str, Any]:
    """The tables of a text. Raises TomlError."""
    if len(text) > MAX_CHARACTERS:
        raise TomlError(f"there are more than {MAX_CHARACTERS >> 10} KB of it; name the right file")
    if long_key := _LONG_KEY.search(text):
        line = text.count("\n", 0, long_key.start()) + 1
        raise TomlError(f"line {line}: this key has more than {MAX_PARTS} parts; mend that line")
    try:
        return tomllib.loads(text, parse_float=_finite)
    except TomlError:
        raise
    except (ValueError, RecursionError) as error:
        raise TomlError(_explained(text, str(error))) from None


def _explained(text: str, error: str) -> str:
    place = re.search(r" \(at ((?:line (\d+), column \d+)|end of document)\)$", error)
    where = place[1] if place else "somewhere"
    what = re.sub(r" \(at .*\)$", "", error)
    if place and place[2] and (strange := _STRANGE.search(text.split("\n")[int(place[2]) - 1])):
        name = unicodedata.name(strange[0], "strange letter").lower()
        return f"{where}: there is a {name} in it; write plain quotes and blanks"
    return f"{where}: this is not TOML ({what}); mend that line"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise TomlError(f"{text}: this is no number that can be used; write another one")
    return number
