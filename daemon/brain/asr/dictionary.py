"""How a dictionary says a word: the American one in the package `hibari-tts` (misaki's, Apache-2.0).

The recogniser's letter-to-sound rules read some common words as nobody says them: give, have, triple.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Final

from daemon.brain.asr.lexicon import CLASS_OF, Pronunciation

_FILE: Final = "assets/lexicon_us_gold.json.gz"
LONGEST_ENTRY: Final = 400
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
    """The entries as they lie in their file: a few megabytes, where a dict of them would take thirty."""

    def __init__(self) -> None:
        path = _path()
        self._entries = gzip.decompress(path.read_bytes()) if path else b""

    def __call__(self, word: str) -> list[Pronunciation]:
        """Every way to say a plain word; none where it has no entry, or the package is not installed."""
        key = f"{json.dumps(word)}:".encode()
        at = self._entries.find(key)
        if at < 0:
            return []
        rest = self._entries[at + len(key) :][:LONGEST_ENTRY].decode("utf-8", "ignore")
        said, _ = json.JSONDecoder().raw_decode(rest)
        forms = said.values() if isinstance(said, dict) else [said]
        return list(dict.fromkeys(_classes(form) for form in forms if form))


def _classes(form: str) -> Pronunciation:
    """The phone classes of an entry; a vowel before r and the r are one sound."""
    joined = form.replace("əɹ", "ɜ").replace("ɜɹ", "ɜ")
    return tuple(_SOUNDS[sound] for sound in joined if sound in _SOUNDS)


def _path() -> Path | None:
    spec = importlib.util.find_spec("hibari")
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / _FILE if folders else None
    return path if path and path.is_file() else None
