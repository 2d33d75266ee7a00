"""Names of devices: one canonical name for each key, and others that mean the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from daemon.errors import OwnerError

LONGEST_NAME: Final = 1000
_AROUND: Final = " \t\r\n\"'`.,;:“”„‘’«»"
_UNSEEN: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff"))


class DuplicateNameError(OwnerError, ValueError):
    """Two devices have the same name."""

    def __init__(self, name: str, key: str, other: str) -> None:
        super().__init__(f"devices.{key}.say: {name!r} is a name of {other!r} too; choose another")


class NameIndex:
    """Finds the key of a device by a name that people say, however it is spelled.

    `spoken` maps each key to its names, the canonical one first. Raises DuplicateNameError.
    """

    def __init__(self, spoken: Mapping[str, tuple[str, ...]]) -> None:
        self._names = {key: tuple(map(_composed, names)) for key, names in spoken.items()}
        self._keys: dict[str, str] = {}
        for key, names in self._names.items():
            for name in names:
                owner = self._keys.setdefault(_plain(name), key)
                if owner != key:
                    raise DuplicateNameError(name, key, owner)

    def name(self, key: str) -> str:
        """The canonical name."""
        return self._names[key][0]

    def names(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Every name of these keys."""
        return tuple(dict.fromkeys(name for key in keys for name in self._names[key]))

    def key(self, name: str) -> str | None:
        """The key of the device with this name; None if there is none."""
        return self._keys.get(_plain(name))


class Spellings:
    """Finds the name that is meant by one in another spelling."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._alike: dict[str, list[str]] = {}
        for name in self._names:
            self._alike.setdefault(_spelled(name), []).append(name)

    def meant(self, said: str) -> str | None:
        """The same name, or else the only one that differs just in case, spaces, hyphens or composition.

        Quotes around a name and compatibility forms of letters do not count either.
        """
        if said in self._names:
            return said
        alike = self._alike.get(_spelled(said), [])
        return alike[0] if len(alike) == 1 else None


def _spelled(name: str) -> str:
    letters = unicodedata.normalize("NFKC", name) if len(name) <= LONGEST_NAME else name
    return _plain(letters.translate(_UNSEEN).strip(_AROUND).replace("-", " ")).replace(" ", "")


def _plain(name: str) -> str:
    # Folding may take letters apart again, so that they are composed after it.
    return " ".join(_composed(_composed(name).replace("_", " ").casefold()).split())


def _composed(name: str) -> str:
    # Composing takes quadratic time for a run of marks; nothing that long is a name.
    return unicodedata.normalize("NFC", name) if len(name) <= LONGEST_NAME else name
