"""The questions of setup: each has a key for answer files, and a parser for its answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from daemon.config.model import RealtimeConfig
from daemon.core.turn.style_registry import STYLES
from daemon.realtime.provider_registry import PROVIDERS
from hardware.devices.kind import Output
from hardware.devices.registry import KINDS
from hardware.ports import pin_keys

T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[T]):
    """One question. `read` parses the typed text, and raises ValueError with a sentence."""

    key: str
    text: str
    read: Callable[[str], T]
    default: str = ""


@dataclass(frozen=True)
class NewDevice:
    """A device as typed: its kind, its name, its lines, and the level that switches it on."""

    kind: str
    name: str
    lines: tuple[int, ...]
    active_high: bool = True

    @property
    def key(self) -> str:
        """Its key in the configuration."""
        return self.name.replace(" ", "_")

    def entries(self) -> list[str]:
        """Its table in TOML."""
        entries = [f'kind = "{self.kind}"']
        left = list(self.lines)
        for key, count in pin_keys(KINDS[self.kind]).items():
            of_key, left = left[:count], left[count:]
            entries.append(f"{key} = {of_key[0] if count == 1 else of_key}")
        if not self.active_high:
            entries += ["active_high = false         # it is on when the line is low"]
        return entries


def yes_or_no(text: str) -> bool:
    """Yes or no, whole or abbreviated."""
    if text.lower() in ("y", "yes", "n", "no"):
        return text.lower().startswith("y")
    raise ValueError("Answer y for yes or n for no.")


def line(text: str) -> int:
    """The number of a line."""
    if not re.fullmatch(r"\d{1,3}", text):
        raise ValueError("Write the number of a line (BCM on a Raspberry Pi), such as 17.")
    return int(text)


def lamp_lines(text: str) -> tuple[int, ...]:
    """One line is an LED, three are red, green and blue, "none" is no lamp."""
    if text in ("", "none"):
        return ()
    lines = tuple(line(word) for word in re.split(r"[,\s]+", text.strip()))
    if len(lines) not in (1, 3):
        raise ValueError("Write three lines for red, green and blue, one for a plain LED, or none.")
    return lines


def device(text: str) -> NewDevice | None:
    """Kind, name, lines, and low or high: "relay desk lamp 22 low"; "" or "none" is no device."""
    if text in ("", "none"):
        return None
    found = re.fullmatch(r"(\w+) ([A-Za-z][A-Za-z ]*?)((?: \d+)*)(?: (low|high))?", " ".join(text.split()))
    if not found or found[1] not in KINDS:
        raise ValueError(f"Write kind, name and line, such as relay lamp 22; kinds: {', '.join(KINDS)}.")
    name, lines = found[1], tuple(int(number) for number in found[3].split())
    kind = KINDS[name]
    keys = pin_keys(kind)
    if len(lines) != (wanted := sum(keys.values())):
        named = f" ({', '.join(keys)})" if len(keys) > 1 else ""
        raise ValueError(f"A device of the kind {name} has {wanted} lines{named}, not {len(lines)}.")
    usual = kind.setup_level if issubclass(kind, Output) else None
    if found[4] == "low" and usual is None:
        raise ValueError(f"A device of the kind {name} has no level that switches it on: leave low out.")
    return NewDevice(name, found[2].lower(), lines, (found[4] or usual) != "low")


def name_among(names: Collection[str]) -> Callable[[str], str]:
    """A reader of one of these names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"Choose one of {', '.join(names)}.")
        return text

    return read


def url(text: str) -> str:
    """An address; the configuration checks whether it fits the provider."""
    if not re.match(r"(https?|wss?)://\S+$", text, re.IGNORECASE):
        raise ValueError('Write an address, such as "wss://HOST/v1/realtime".')
    return text


def plain(text: str) -> str:
    """Anything that is not empty."""
    if not text or not text.isprintable():
        raise ValueError("Write something.")
    return text


BOARD: Final = Question("board", "Begin with the example of which board?", plain, "keep")
TRIALS: Final = Question("trials", "Try sound, button and a turn?", yes_or_no)
SPEAKER: Final = Question("speaker", "Which speaker?", plain)
HEARD: Final = Question("heard", "Did you hear three tones?", yes_or_no, "y")
UNMUTE: Final = Question("unmute", "Open it?", yes_or_no, "y")
MICROPHONE: Final = Question("microphone", "Which microphone?", plain)
CHIP: Final = Question("chip", "Which gpiochip has the pins?", plain)
BUTTON: Final = Question("button_pin", "Which line is the button on?", line)
LAMP: Final = Question("lamp_pins", "Lines of the status lamp: three, one, or none?", lamp_lines)
DEVICES: Final = Question(
    "devices", "Add a device, such as relay lamp 22? (kind, name, line)", device, "none"
)
TURN: Final = Question("turn", f"How is it spoken to: {', '.join(STYLES)}?", name_among(STYLES))
PROVIDER: Final = Question("provider", f"Who answers: {', '.join(PROVIDERS)}?", name_among(PROVIDERS))
URL: Final = Question("url", "Its address?", url)
MODEL: Final = Question("model", "Which model?", plain, RealtimeConfig().model)
KEY: Final = Question("key_file", "Your key (it is not shown)?", plain)

ALL: Final = tuple(each for each in list(globals().values()) if isinstance(each, Question))
"""All questions, in order."""
