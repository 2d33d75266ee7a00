"""Text normalisation and sentence patterns: lower-case words, numbers in words, a pattern syntax.

A pattern is text: words, `( a | b )` one of, `[ a ]` may be left out, `( a )*` any number of times,
`<name a | b >` one of and remembered by that name. A word that begins with `!` is a filler word: it is
in the word graph, so that it is recognised where it was said, but no sentence with it has a meaning. A word
that begins with `#` is only ever written: `#25`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


UNITS = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
TENS = words("twenty thirty forty fifty sixty seventy eighty ninety")
LONGEST_SENTENCE = 1000
_MAX_DIGITS = 100
"""Longer numbers are never said, and Python refuses to parse thousands of digits."""
OPENING = {"(", "["}
CLOSING = {")", "]", ")*", ">"}

_SPELLED = {"what's": "what is", "per cent": "percent"}


def plain(text: str) -> str:
    """Lower-case words only: `Turn the lamp to 25%!` becomes `turn the lamp to twenty five percent`."""
    text = _composed(text).lower().replace("’", "'").replace("%", " percent ")
    for written, said in _SPELLED.items():
        text = text.replace(written, said)
    text = re.sub(r"\d+", lambda found: f" {_number(found[0])} ", text.replace("'", ""))
    return " ".join(re.sub(r"[^\w]|_", " ", text).split())


def _number(digits: str) -> str:
    return spell(int(digits)) if len(digits) <= _MAX_DIGITS else digits


def _composed(text: str) -> str:
    # Composing takes quadratic time for a run of marks; nothing that long is a sentence.
    return unicodedata.normalize("NFC", text) if len(text) <= LONGEST_SENTENCE else text


def spell(number: int) -> str:
    """An integer in words up to 100; a larger one stays in digits."""
    if number < 20:
        return UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return TENS[tens - 2] + (f" {UNITS[unit]}" if unit else "")
    return "one hundred" if number == 100 else str(number)


def count(said: str) -> int:
    """The inverse of `spell`; `a hundred` and `hundred` count too."""
    *_, last = said.split()
    if last == "hundred":
        return 100
    if last.isdigit():
        return int(last)
    tens = next((10 * (TENS.index(word) + 2) for word in said.split() if word in TENS), 0)
    return tens + (UNITS.index(last) if last in UNITS else 0)


def loosely(pattern: str) -> str:
    """The same pattern with every `the` optional in speech too."""
    return re.sub(r"\bthe ", "[ the ] ", pattern)


def with_digits(text: str) -> str:
    """Plain words as a pattern in which every number may be written in digits too."""
    pattern = text
    for number in range(100, -1, -1):
        said, written = rf"\b{spell(number)}\b(?! \|| #)", f"( {spell(number)} | #{number} )"
        pattern = re.sub(said, written, pattern)
    return pattern


def one_of(choices: Iterable[str]) -> str:
    """The pattern `( a | b | c )`."""
    return f"( {' | '.join(choices)} )"


def numbers(low: int, high: int) -> str:
    """The pattern of the integers from low to high, within 0 to 100; shared decades keep the graph small."""
    choices = [UNITS[number] for number in range(max(low, 0), min(high, 19) + 1)]
    decades: dict[tuple[int, ...], list[str]] = {}
    for tens, word in enumerate(TENS, start=2):
        units = tuple(unit for unit in range(10) if low <= 10 * tens + unit <= high)
        if units:
            decades.setdefault(units, []).append(word)
    for units, tens_words in decades.items():
        spoken = [UNITS[unit] for unit in units if unit]
        tail = f" {one_of(spoken)}" if spoken else ""
        choices.append(one_of(tens_words) + (f" [{tail} ]" if tail and 0 in units else tail))
    if low <= 100 <= high:
        choices.append("[ one | a ] hundred")
    return one_of([*choices, *(f"#{number}" for number in range(low, high + 1))])


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression over plain words, each followed by one space; filler words match no plain word.

    In typed text any `the` is optional. In speech it is not everywhere: it tells sentences from noise.
    """
    return re.compile("".join(_expression(token) for token in pattern.split()))


def _expression(token: str) -> str:
    if token in OPENING:
        return "(?:"
    if token in CLOSING:
        return {"]": ")?", ")*": ")*"}.get(token, ")")
    if token.startswith("<"):
        return f"(?P<{token[1:]}>"
    if token == "the":
        return "(?:the )?"
    return token if token == "|" else f"{re.escape(token)} "
