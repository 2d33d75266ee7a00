"""The names of devices, as people say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daemon.brain import decoys
from daemon.brain.wording import compiled, one_of, plain


class Names:
    """The devices that one tool takes; the box's other devices are decoys here."""

    def __init__(
        self, values: Sequence[str], others: Sequence[str] = (), nicknames: Mapping[str, str] | None = None
    ) -> None:
        self.values = {**{plain(value): value for value in values}, **(nicknames or {})}
        beside = [f"!{name}" for name in others if name not in self.values]
        self.patterns = [*self.values, *beside, *decoys.names_beside([*self.values, *others])]
        self._said = compiled(one_of(sorted(self.values, key=len, reverse=True)))

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def bare(self) -> str:
        """The pattern of one name: `lamp`."""
        return f"<device {' | '.join(self.patterns)} >"

    @property
    def one(self) -> str:
        """The pattern of one name: `the lamp`."""
        return f"the {self.bare}"

    @property
    def some(self) -> str:
        """The pattern of one name or several: `the lamp and the fan`."""
        name = one_of(self.patterns)
        return f"<devices the {name} ( and the {name} )* >"

    def find(self, words: str) -> list[str]:
        """The names in what `one` or `some` matched, as the tool spells them, each once."""
        found = (self.values[match[0].strip()] for match in self._said.finditer(f"{words} "))
        return list(dict.fromkeys(found))

    def lights(self) -> list[str]:
        """The devices whose names say that they are lights."""
        return [value for said, value in self.values.items() if "light" in said or "lamp" in said]

    def examples(self, most: int) -> list[str]:
        """The first names, in plain words."""
        return list(self.values)[:most]
