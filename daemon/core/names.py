"""What people call things: one canonical name for each key, and more that mean the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class DuplicateNameError(ValueError):
    """Two devices answer to one name."""

    def __init__(self, name: str, key: str, other: str) -> None:
        super().__init__(f"devices.{key}.say: {name!r} is a name of {other!r} too; choose another")


class Names:
    """Look up keys of the configuration by the names that people say, whatever their case.

    `spoken` maps each key to its names, the canonical one first. Raises DuplicateNameError.
    """

    def __init__(self, spoken: Mapping[str, tuple[str, ...]]) -> None:
        self._names = dict(spoken)
        self._keys: dict[str, str] = {}
        for key, names in spoken.items():
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
        """Whom people mean by this name; None if nobody."""
        return self._keys.get(_plain(name))


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())
