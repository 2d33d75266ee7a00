"""Phones: the classes that the ear tells apart, and how words are pronounced in them."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from importlib import resources
from typing import TypeAlias

from daemon.brain.wording import words

Pronunciation: TypeAlias = tuple[str, ...]
"""Phone classes in order; `WEAK` stands for any weak vowel."""

WEAK = "*"
BLANK = "_"

CLASSES = {
    phone: tuple(tokens.split())
    for phone, tokens in {
        "AA": "ɑ a ɒ ɔ",
        "AE": "æ",
        "AH": "ə ʌ ɐ",
        "AW": "aʊ",
        "AY": "aɪ",
        "B": "b",
        "CH": "t͡ʃ",
        "D": "d",
        "DH": "ð",
        "EH": "ɛ",
        "ER": "ɝ ɚ ɜ",
        "EY": "eɪ e",
        "F": "f",
        "G": "ɡ g",
        "HH": "h",
        "IH": "ɪ ɨ",
        "IY": "i",
        "JH": "d͡ʒ",
        "K": "k",
        "L": "l ɫ",
        "M": "m",
        "N": "n",
        "NG": "ŋ",
        "OW": "oʊ o",
        "OY": "ɔɪ",
        "P": "p",
        "R": "ɹ r",
        "S": "s",
        "SH": "ʃ",
        "T": "t ɾ",
        "TH": "θ",
        "UH": "ʊ",
        "UW": "u ʉ",
        "V": "v",
        "W": "w",
        "Y": "j",
        "Z": "z",
        "ZH": "ʒ",
    }.items()
}
"""English phones by their ARPABET names, and the recogniser's tokens that count as each."""

VOWELS = frozenset(words("AA AE AH AW AY EH ER EY IH IY OW OY UH UW"))
CLASS_OF = {token: phone for phone, tokens in CLASSES.items() for token in tokens}


def class_of(token: str) -> str:
    """The class of one token of the recogniser; a token that English does not use is its own class."""
    return CLASS_OF.get(token, token)


class Lexicon:
    """Pronunciations of words: from a list where it has them, else spelled out by `spell_out`.

    `spell_out` turns a word into the recogniser's tokens (its own letter-to-sound rules: it was trained on
    them and hears their quirks). Results are kept: it costs tens of milliseconds a word.
    """

    def __init__(self, spell_out: Callable[[str], Sequence[str]]) -> None:
        self._spell_out = functools.cache(spell_out)
        listed = json.loads((resources.files("daemon.brain") / "lexicon.json").read_text("utf-8"))
        self._listed = {word: [tuple(form.split()) for form in forms] for word, forms in listed.items()}

    def pronunciations(self, word: str) -> list[Pronunciation]:
        """Every way to say the word, British ones included.

        None for what is only written (`#25`) or has no letter that the rules know.
        """
        if word.startswith("#"):
            return []
        word = word.lstrip("!")
        forms = self._listed.get(word) or self._spelled(letters(word))
        return sorted({way for form in forms if form for way in (form, without_r(form))})

    def _spelled(self, word: str) -> list[Pronunciation]:
        return [tuple(map(class_of, self._spell_out(word)))] if word else []


def letters(word: str) -> str:
    """The word in plain Latin letters."""
    unaccented = unicodedata.normalize("NFKD", word)
    return re.sub(r"[^a-z0-9]", "", unaccented.lower())


def without_r(form: Pronunciation) -> Pronunciation:
    """The same word without the r at the end of a syllable, as in British English."""
    last = len(form) - 1
    kept = (
        phone
        for index, phone in enumerate(form)
        if phone != "R" or index == 0 or (index < last and form[index + 1] in VOWELS)
    )
    spoken = list(kept)
    if spoken[-1] == "ER":
        spoken[-1] = "AH"
    return tuple(spoken)
