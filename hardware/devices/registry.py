"""The registry of the kinds of devices: one for each file in `kinds`, found by looking there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Union

from hardware.devices import kinds
from hardware.devices.kind import Device, Output, Sensor


class KindError(TypeError):
    """A kind of device lacks a piece, or has the name of another."""


class Registry(Mapping[str, type[Device]]):
    """The kinds by their names in the configuration: outputs first, then sensors. Raises KindError."""

    def __init__(self, found: Iterable[type[Device]]) -> None:
        self._kinds: dict[str, type[Device]] = {}
        for kind in found:
            self.add(kind)

    def __getitem__(self, name: str) -> type[Device]:
        return self._kinds[name]

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._kinds, key=lambda name: (issubclass(self._kinds[name], Sensor), name)))

    def add(self, kind: type[Device]) -> None:
        """Add a kind. Raises KindError."""
        if lacks := sorted(_lacks(kind)):
            raise KindError(f"{kind.__module__}: {kind.__name__} lacks {', '.join(lacks)}; add it")
        if other := self._kinds.get(_name(kind)):
            raise KindError(f"{kind.__module__}: {_name(kind)} is the kind of {other.__module__}; rename one")
        self._kinds[_name(kind)] = kind

    def remove(self, kind: type[Device]) -> None:
        """Remove a kind."""
        del self._kinds[_name(kind)]

    def outputs(self) -> list[type[Output]]:
        """Those that can be set."""
        return [kind for kind in self.values() if issubclass(kind, Output)]

    def sensors(self) -> list[type[Sensor]]:
        """Those that can be read."""
        return [kind for kind in self.values() if issubclass(kind, Sensor)]

    def union(self) -> Any:
        """The type of a table under `[devices]`."""
        return Union[tuple(self.values())]  # noqa: UP007  # | takes no list


def _name(kind: type[Device]) -> str:
    return str(kind.__struct_config__.tag)


def _lacks(kind: type[Device]) -> Iterator[str]:
    """What a kind lacks, checked when it is registered and not only when it is used."""
    config = kind.__struct_config__
    if not isinstance(config.tag, str) or config.tag_field != "kind":
        yield 'tag="NAME", tag_field="kind"'
    if not issubclass(kind, Output | Sensor):
        yield "Output or Sensor as its base"
    if not vars(kind).get("__final__"):
        yield "@final"  # else mypy does not name what it lacks
    for base in kind.__mro__:
        for name, hint in vars(base).get("__annotations__", {}).items():
            if str(hint).startswith("ClassVar") and not hasattr(kind, name):
                yield name
    for name in dir(kind):
        if getattr(getattr(kind, name, None), "__isabstractmethod__", False):
            yield name


def _found() -> Iterator[type[Device]]:
    for module in pkgutil.iter_modules(kinds.__path__, f"{kinds.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        classes = [each for each in members if isinstance(each, type) and issubclass(each, Output | Sensor)]
        mine = [each for each in classes if each.__module__ == module.name]
        if not mine:
            raise KindError(f"{module.name}: there is no kind in it; derive a class from Output or Sensor")
        yield from mine


KINDS: Final = Registry(_found())
