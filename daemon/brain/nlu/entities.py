"""The names of devices, as people say them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from daemon.brain.nlu import filler_words
from daemon.brain.nlu.template_syntax import compiled, one_of, plain

_AMBIGUOUS = re.compile(r"^!?the\b|\band\b")


class ToolEntities:
    """The devices that one tool takes; the names of all other devices are filler words here."""

    def __init__(
        self, values: Sequence[str], others: Sequence[str] = (), nicknames: Mapping[str, str] | None = None
    ) -> None:
        self.values = {**{plain(value): value for value in values}, **(nicknames or {})}
        beside = [f"!{name}" for name in others if name not in self.values]
        self.patterns = [*self.values, *beside, *filler_words.names_beside([*self.values, *others])]
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
        """The pattern of one name or several: `the lamp and the fan`.

        A name that itself holds `and`, or begins with `the`, stands first: elsewhere a list of such names
        could be read in too many ways.
        """
        first = one_of(self.patterns)
        clear = [name for name in self.patterns if not _AMBIGUOUS.search(name)]
        return f"<devices the {first} ( and the {one_of(clear)} )* >" if clear else f"<devices the {first} >"

    def find(self, words: str) -> list[str]:
        """The names in what `one` or `some` matched, as the tool spells them, each once."""
        found = (self.values[match[0].strip()] for match in self._said.finditer(f"{words} "))
        return list(dict.fromkeys(found))

    def lights(self) -> list[str]:
        """The devices whose names say that they are lights."""
        return [value for said, value in self.values.items() if "light" in said or "lamp" in said]

    @property
    def topics(self) -> tuple[str, ...]:
        """Every name, in plain words."""
        return tuple(self.values)
