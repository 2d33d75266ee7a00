"""Checks across keys of the configuration: pins used twice, and names.

Every rule yields complaints of the form "key.path: what is wrong; the remedy".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hardware.devices.kind import BoardConfig, Named
from hardware.ports import pins_of


def complaints(config: BoardConfig, needs_button: bool) -> Iterator[str]:
    """Everything that is wrong with the pins taken together."""
    if needs_button and config.gpio.backend == "lgpio" and config.button.pin is None:
        yield "button.pin: the key is missing; write the line that the button is wired to, such as pin = 17"
    yield from _shared(pins(config))
    for key, device in config.devices.items():
        if not all(spoken_names(key, device)):
            yield f"devices.{key}.say: a name is blank; write the words that people say"
        for of, complaint in device.complaints():
            yield f"devices.{key}.{of}: {complaint}"


def spoken_names(key: str, device: Named) -> tuple[str, ...]:
    """The names people use for a device, lower case; the first is the canonical one."""
    return tuple(" ".join(name.lower().split()) for name in device.say or (key.replace("_", " "),))


def pins(config: BoardConfig) -> Iterator[tuple[str, int]]:
    """Every GPIO line that is used, and the key that names it."""
    parts: dict[str, msgspec.Struct] = {"button": config.button}
    parts |= {f"lamps.{key}": lamp for key, lamp in config.lamps.items()}
    parts |= {f"devices.{key}": device for key, device in config.devices.items()}
    for path, part in parts.items():
        for key, pin in pins_of(part):
            yield f"{path}.{key}", pin


def _shared(used: Iterable[tuple[str, int]]) -> Iterator[str]:
    owners: dict[int, str] = {}
    for path, pin in used:
        if pin in owners:
            yield f"{path}: pin {pin} is taken by {owners[pin]}; give each its own pin"
        owners.setdefault(pin, path)
