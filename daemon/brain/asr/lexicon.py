"""Phones: the classes that the recogniser tells apart, and how words are pronounced in them."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from importlib import resources
from typing import TypeAlias

from daemon.brain.nlu.template_syntax import words

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

LOANS = {
    "AA": "à ã ä å",
    "AH": "ɘ ɤ ᵊ",
    "B": "ɓ",
    "D": "ɖ ɗ",
    "EH": "œ ẽ",
    "ER": "ɵ ø",
    "F": "ɸ",
    "G": "ɣ",
    "HH": "x ħ ɦ χ ç",
    "IH": "ʏ",
    "IY": "ì ĩ ǐ",
    "K": "c q k͈ kʰ",
    "L": "ɮ",
    "M": "ɱ",
    "N": "ɴ",
    "OW": "õ",
    "P": "pʰ p͈",
    "R": "ɻ ɽ ʀ ʁ",
    "S": "s͈",
    "SH": "ɕ ʂ",
    "T": "tʰ t͈ ʈ",
    "CH": "t͡ɕ t͡ɕʰ t͡ɕ͈",
    "UW": "ũ ɯ y",
    "V": "ʋ β",
    "W": "ɥ ɰ",
    "Y": "ʎ ʝ ɟ",
    "Z": "ʑ ʐ",
    "N Y": "ɲ ñ",
    "Y AA": "ja",
    "Y EH": "je",
    "Y OW": "jo",
    "Y UW": "ju",
    "Y AH": "jʌ",
    "W AA": "wa",
    "W EH": "we",
    "W IY": "wi",
    "W AH": "wʌ",
    "EH AH": "eə",
    "IH AH": "ɪə",
}
"""The English phones nearest to sounds of other languages, which occur in loan words."""

_SOUNDS = {token: (phone,) for token, phone in CLASS_OF.items()} | {
    token: tuple(near.split()) for near, tokens in LOANS.items() for token in tokens.split()
}
_TIE = "\u0361"
_BETWEEN_SOUNDS = " "
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
"""Letters that Unicode does not decompose."""
_TAP, _ENGLISH_R = "ɾ", "ɹ"


def class_of(token: str) -> str:
    """The phone class of a token of the recogniser; the blank if it is no sound."""
    return _SOUNDS.get(token, (BLANK,))[-1]


def spoken_ways(tokens: Sequence[str]) -> list[Pronunciation]:
    """The ways to say a word, as phone classes, from its tokens.

    For words that they take as Romance the letter-to-sound rules put a space between the sounds, write
    affricates with a tie bar of its own, and add diacritics: none of these is a sound. The recogniser was
    trained on such spellings: it recognises the halves of an affricate, and a tap for an English r.
    """
    if _BETWEEN_SOUNDS not in tokens:
        return [_classes(_joined(tokens))]
    untapped = [_ENGLISH_R if token == _TAP else token for token in tokens]
    ways = [_classes(way) for each in (tokens, untapped) for way in (_joined(each), each)]
    return list(dict.fromkeys(ways))


def _joined(tokens: Sequence[str]) -> list[str]:
    """The tokens with the halves of an affricate joined."""
    sounds: list[str] = []
    for token in tokens:
        affricate = "".join([*sounds[-2:], token])
        if sounds[-1:] == [_TIE] and affricate in CLASS_OF:
            sounds[-2:] = [affricate]
        else:
            sounds.append(token)
    return sounds


def _classes(tokens: Sequence[str]) -> Pronunciation:
    """The classes of those that are sounds; repeated ones count once."""
    phones = [phone for token in tokens for phone in _SOUNDS.get(token, ())]
    return tuple(phone for index, phone in enumerate(phones) if phones[index - 1 : index] != [phone])


class Lexicon:
    """Pronunciations of words: from a list, else from a dictionary and by `spell_out`.

    `spell_out` turns a word into the recogniser's tokens, by the letter-to-sound rules that it was trained
    with. Results are cached: it costs tens of milliseconds a word.
    """

    def __init__(
        self,
        spell_out: Callable[[str], Sequence[str]],
        look_up: Callable[[str], Sequence[Pronunciation]] = lambda _word: (),
    ) -> None:
        self._spell_out = functools.cache(spell_out)
        self._look_up = look_up
        listed = json.loads((resources.files("daemon.brain.asr") / "lexicon.json").read_text("utf-8"))
        self._listed = {word: [tuple(form.split()) for form in forms] for word, forms in listed.items()}

    @property
    def words(self) -> Collection[str]:
        """The words of the list."""
        return self._listed

    def pronunciations(self, word: str) -> list[Pronunciation]:
        """Every way to say the word, British ones included.

        None for a token that is never spoken (`#25`) or has no letter that the rules know.
        """
        if word.startswith("#"):
            return []
        word = word.lstrip("!")
        forms = self._listed.get(word) or [*self._spelled(to_latin(word)), *self._look_up(word)]
        return sorted({way for form in forms if form for way in (form, without_r(form))})

    def _spelled(self, word: str) -> list[Pronunciation]:
        return spoken_ways(self._spell_out(word)) if word else []


def to_latin(word: str) -> str:
    """The word in plain Latin letters."""
    unaccented = unicodedata.normalize("NFKD", word.casefold()).translate(_LATIN)
    return re.sub(r"[^a-z0-9]", "", unaccented)


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
