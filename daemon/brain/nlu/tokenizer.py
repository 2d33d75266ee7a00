"""Texts as tokens: each phrase that is known by its class, numbers with their units, marks as commas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from daemon.brain.nlu.phrasings import ABOUT
from daemon.brain.nlu.template_syntax import CLOSING, OPENING, plain, spell
from daemon.brain.nlu.word_classes import CLASSES, CONTRACTIONS, UNMARKED, VALUES

_LAST_HOUR: Final = 24
_MARKS: Final = re.compile(r"[,;:.!?…]+(?=\s|$)|\s[-–—]+\s")
_CONTRACTED: Final = re.compile("|".join(CONTRACTIONS))
_ARTICLES: Final = ("the", "my", "our")
_UNITS: Final = {
    "percent": "@percent",
    **dict.fromkeys(("seconds", "second", "secs", "s"), "@seconds"),
    **dict.fromkeys(("times", "x"), "@times"),
}


def _folds(*folds: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?<!\S)(?:{pattern})"), kind) for pattern, kind in folds)


_FOLDS: Final = _folds(
    (
        "@unlit |(because )?(@it_is |@it_gets |@i_am )(@bit |@much |@too |@very )*"
        "(@dark |@cold |@hot |@bright |@loud |@other |@leaving (?=, |and |$))(enough )?(@place )?"
        "(?!of |with |about |for |to )",
        "@because",
    ),
    ("(at |on |by |around |@about |before |after |until )+@h ", "@clock"),
    ("@times @because ", "@condition"),
    ("it (on |off )(?=@d )", "@elsewhere"),
    ("@stop (?=@move |@start |@stop |@raise |@reduce |@blink )", "@stopped"),
    ("(@h |@n |@part )(of )?@d ", "@some"),
    ("@part ", "@percent"),
    ("(is |are |has |does )(?=@[dsme] )|is it |@tell (if |whether )", "@ask"),
    ("(^|(?<= and )|(?<= , ))(open |shut )(?=@s )", "@opening"),
)
"""Kinds of tokens that stand for one together. A number before a device counts it; at seven is a time."""

_LISTS: Final = _folds(*((f"(both )?{kind} ((and |, )+{kind} )+", kind) for kind in ("@d", "@s", "@m")))


class Token(NamedTuple):
    """A phrase: its class, the values that it stands for, its words, and whether they say it but loosely."""

    kind: str
    values: tuple[Any, ...] = ()
    said: str = ""
    loose: bool = False


class Tokenizer:
    """Splits texts into the phrases of `word_classes`, numbers, and the names of one session."""

    def __init__(self, names: Mapping[str, Token]) -> None:
        self._names = {said: token for name, token in names.items() if (said := words_of(name))}
        self._longest = max(phrase.count(" ") + 1 for phrase in (*self._names, *_known()))

    def tokens(self, words: Sequence[str]) -> list[Token]:
        """The longest phrases that are known; those without weight are left out."""
        found = []
        start = 0
        while start < len(words):
            ends = range(min(len(words), start + self._longest), start, -1)
            said = next(filter(self._is_known, (" ".join(words[start:end]) for end in ends)), words[start])
            token = self._names.get(said) or _known().get(said) or Token(said)
            found.append(token._replace(said=said))
            start += said.count(" ") + 1
        return [token for token in found if token.kind]

    def _is_known(self, phrase: str) -> bool:
        return phrase in self._names or phrase in _known()


def words_of(text: str) -> str:
    """Plain words without articles, contractions in full; a mark between clauses is a comma."""
    full = _CONTRACTED.sub(lambda found: CONTRACTIONS[found[0]], text.lower().replace("’", "'"))
    words = " , ".join(plain(piece) for piece in _MARKS.split(full)).split()
    return " ".join(UNMARKED.get(word, word) for word in words if word not in _ARTICLES)


def kind_of(word: str) -> str:
    """The kind of a word by itself."""
    return _known().get(word, Token(word)).kind


def grouped(tokens: list[Token]) -> list[Token]:
    """The same, with those that stand for one together as one."""
    return _folded(tokens, _FOLDS)


def listed(tokens: list[Token]) -> list[Token]:
    """The same, with a list of devices as one token."""
    return _folded(tokens, _LISTS)


def clauses(tokens: Sequence[Token]) -> list[tuple[bool, list[Token]]]:
    """The tokens between `and` and commas, and whether nothing but commas is before them."""
    found: list[tuple[bool, list[Token]]] = []
    clause: list[Token] = []
    loosely = True
    for token in (*tokens, Token("and")):
        if token.kind not in ("and", ","):
            clause.append(token)
            continue
        if clause:
            found.append((loosely, clause))
            clause, loosely = [], True
        loosely = loosely and token.kind == ","
    return found


def _folded(tokens: list[Token], folds: Iterable[tuple[re.Pattern[str], str]]) -> list[Token]:
    for pattern, kind in folds:
        text = "".join(f"{token.kind} " for token in tokens)
        found: list[Token] = []
        start = 0
        for match in pattern.finditer(text):
            first = text.count(" ", 0, match.start())
            end = text.count(" ", 0, match.end())
            found += [*tokens[start:first], _one(tokens[first:end], kind)]
            start = end
        tokens = found + tokens[start:]
    return tokens


def _one(tokens: Sequence[Token], kind: str) -> Token:
    """One token for several, with the values of all; of a reason the kinds."""
    values = tuple(value for token in tokens for value in token.values)
    kinds = tuple(token.kind for token in tokens)
    said = " ".join(token.said for token in tokens)
    loose = any(token.loose for token in tokens)
    return Token(kind, kinds if kind == "@because" else values, said, loose)


def phrases(pattern: str) -> list[str]:
    """Every text that a pattern without repetitions and names matches."""
    return _phrases(iter(pattern.split()))


def _phrases(tokens: Iterator[str]) -> list[str]:
    found: list[str] = []
    begun = [""]
    for token in tokens:
        if token in CLOSING:
            break
        if token == "|":
            found, begun = found + begun, [""]
            continue
        following = _phrases(tokens) if token in OPENING else [token]
        following += [""] if token == "[" else []
        begun = [f"{before} {after}".strip() for before in begun for after in following]
    return found + begun


@cache
def _known() -> dict[str, Token]:
    """The phrases that every session knows: classes of words, values, numbers with and without their unit."""
    known = {
        words_of(phrase): Token(kind.rstrip("?") or kind, loose=kind.endswith("?"))
        for kind, pattern in {**CLASSES, **{f"@{means}": said for means, said in ABOUT.items()}}.items()
        for phrase in phrases(pattern)
    }
    numbers = {**{spell(number): number for number in range(101)}, "hundred": 100, "a hundred": 100}
    for said, number in numbers.items():
        known[said] = Token("@h" if number <= _LAST_HOUR else "@n", (number,))
        known.update({f"{said} {unit}": Token(kind, (number,)) for unit, kind in _UNITS.items()})
    values = {
        phrase: Token(kind.rstrip("?"), (n,), loose=kind.endswith("?"))
        for (kind, n), said in VALUES.items()
        for phrase in phrases(said)
    }
    return {**known, **values}
