"""How a dictionary says a word: the American one in the package `hibari-tts` (misaki's, Apache-2.0).

The recogniser's letter-to-sound rules read some common words as nobody says them: give, have, triple.
"""

from __future__ import annotations

from typing import Final

from daemon.brain.asr.lexicon import CLASS_OF, Pronunciation
from daemon.brain.hibari_tables import GOLD, open_table
from daemon.brain.string_table import Section

_SOUNDS: Final = CLASS_OF | {
    "A": "EY",
    "I": "AY",
    "O": "OW",
    "W": "AW",
    "Y": "OY",
    "h": "HH",
    "ʔ": "T",
    "ʤ": "JH",
    "ʧ": "CH",
    "ᵊ": "AH",
    "ᵻ": "IH",
}


class Dictionary:
    """Looks up words. Without the package it has none."""

    def __init__(self) -> None:
        self._entries = _entries()

    def __call__(self, word: str) -> list[Pronunciation]:
        """Every way to say a plain word; none where it has no entry."""
        said = self._entries.get(word) if self._entries else None
        forms = said.values() if isinstance(said, dict) else [said]
        return list(dict.fromkeys(_classes(form) for form in forms if form))


def _classes(form: str) -> Pronunciation:
    """The phone classes of an entry; a vowel before r and the r are one sound."""
    joined = form.replace("əɹ", "ɜ").replace("ɜɹ", "ɜ")
    return tuple(_SOUNDS[sound] for sound in joined if sound in _SOUNDS)


def _entries() -> Section | None:
    try:
        return open_table().section(GOLD)
    except ImportError:
        return None
