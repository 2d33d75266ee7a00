"""Which sound cards there are, and what the names in `[sound]` mean on this machine just now.

Cards are numbered in the order in which their drivers came up, so that the headset is card 1 today and card 2
tomorrow: a card is found by what it is, each time it is opened.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from hardware.ports import SoundError

Direction: TypeAlias = Literal["microphone", "speaker"]

_ROOT: Final = Path("/")
_SUFFIXES: Final[dict[Direction, str]] = {"microphone": "c", "speaker": "p"}
_OWN_DEFAULTS: Final = ("/etc/asound.conf", "~/.asoundrc", "~/.config/alsa/asoundrc")
_REMEDY: Final = "plug one in, or enable its dtoverlay in /boot/firmware/config.txt and restart the machine"


@dataclass(frozen=True)
class SoundCard:
    """A card of the kernel. `usb_path` is its port, such as "1-1.3", or empty if it is not on USB."""

    index: int
    id: str
    name: str
    driver: str
    usb_path: str
    captures: tuple[int, ...]
    """The numbers of its devices with a microphone side, the first is the usual one."""
    plays: tuple[int, ...]
    """The numbers of its devices with a speaker side."""
    hdmi: bool

    def devices(self, direction: Direction) -> tuple[int, ...]:
        """The numbers of its devices with this direction."""
        return self.captures if direction == "microphone" else self.plays

    def __str__(self) -> str:
        sides = [side for side, has in (("captures", self.captures), ("plays", self.plays)) if has]
        return f"card:{self.id} ({self.name}, {' and '.join(sides) or 'no sound'})"


def cards(root: Path = _ROOT) -> list[SoundCard]:
    """Every sound card by its number; `root` is where proc and sys are. A machine without sound has none."""
    text = _text(root / "proc/asound/cards")
    lines = re.findall(r"^ *(\d+) \[(.+?) *\]: (.+?) - (.*)$", text, re.MULTILINE)
    return [_card(root, int(index), *words) for index, *words in lines]


def resolve(name: str, direction: Direction, root: Path = _ROOT) -> str:
    """What ALSA calls the card that `[sound]` names in this direction. Raises SoundError.

    "card:ID" and "usb:1-1.3" are cards of the kernel, "default" is the owner's own default of ALSA, else
    the most likely card; every other name is ALSA's already. Ask again at each opening: cards come and go.
    """
    found = find(name, direction, root)
    return name if found is None else _alsa_name(found, direction)


def find(name: str, direction: Direction, root: Path = _ROOT) -> SoundCard | None:
    """The card behind a name of `[sound]`, or None where only ALSA can tell. Raises SoundError."""
    kind, _, value = name.partition(":")
    if name == "default":
        return None if _has_own_default(root) else _likely(direction, cards(root))
    if kind not in ("card", "usb"):
        return None
    there = cards(root)
    for card in there:
        if value == (card.id if kind == "card" else card.usb_path):
            if not card.devices(direction):
                raise SoundError(_sentence(f"{card} has no {direction}", direction, there))
            return card
    raise SoundError(_sentence(f"The {direction} {name} is not there", direction, there))


def other_side(direction: Direction) -> Direction:
    """The other side of a card."""
    return "speaker" if direction == "microphone" else "microphone"


def changes(root: Path = _ROOT) -> int:
    """A number that is another one after a card has come or gone; cheap enough to ask every second."""
    with suppress(OSError):
        return (root / "dev/snd").stat().st_mtime_ns
    return 0


def running_rate_hz(card: SoundCard, direction: Direction, root: Path = _ROOT) -> int | None:
    """The rate at which somebody has this side of the card open, or None."""
    for device in card.devices(direction):
        folder = root / f"proc/asound/card{card.index}/pcm{device}{_SUFFIXES[direction]}"
        for path in folder.glob("sub*/hw_params"):
            if rate := re.search(r"^rate: (\d+)", _text(path), re.MULTILINE):
                return int(rate[1])
    return None


def _card(root: Path, index: int, card_id: str, driver: str, name: str) -> SoundCard:
    folder = root / f"proc/asound/card{index}"
    captures, plays = (_devices(folder, suffix) for suffix in "cp")
    return SoundCard(
        index=index,
        id=card_id,
        name=name,
        driver=driver,
        usb_path=_usb_path(root / f"sys/class/sound/card{index}"),
        captures=captures,
        plays=plays,
        hdmi="hdmi" in f"{card_id} {driver} {name}".lower() or _only_hdmi(folder, plays),
    )


def _devices(folder: Path, suffix: str) -> tuple[int, ...]:
    names = (re.fullmatch(rf"pcm(\d+){suffix}", path.name) for path in folder.glob(f"pcm*{suffix}"))
    return tuple(sorted(int(name[1]) for name in names if name))


def _only_hdmi(folder: Path, plays: tuple[int, ...]) -> bool:
    """Graphics cards share a driver with other cards: only the names of their devices tell them apart."""
    infos = [_text(folder / f"pcm{device}p/info") for device in plays]
    return bool(infos) and all("HDMI" in info for info in infos)


def _usb_path(link: Path) -> str:
    """The port in the kernel's words, "1-1.3": bus 1, port 1, port 3 of the hub there."""
    ports = [part for part in link.resolve().parts if re.fullmatch(r"\d+-\d+(\.\d+)*", part)]
    return ports[-1] if ports else ""


def _has_own_default(root: Path) -> bool:
    """Does the owner say what ALSA's default is, or is there no kernel driver that could be asked?"""
    if os.environ.get("ALSA_CONFIG_PATH") or not (root / "proc/asound").exists():
        return True
    return any(_mentions_default(root / _expanded(path)) for path in _OWN_DEFAULTS)


def _expanded(path: str) -> str:
    return str(Path(os.path.expanduser(path))).lstrip("/")  # noqa: PTH111  # Path's own raises without a home


def _mentions_default(path: Path) -> bool:
    return any("default" in line.partition("#")[0] for line in _text(path).splitlines())


def _text(path: Path) -> str:
    """The text of a file; empty if there is none, or none any more."""
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def _likely(direction: Direction, there: list[SoundCard]) -> SoundCard:
    """The order of preference: HDMI last; a headset before a microphone and a jack of different cards."""
    able = [card for card in there if card.devices(direction)]
    if not able:
        raise SoundError(_sentence(f"There is no {direction}", direction, there))
    return min(able, key=lambda card: (card.hdmi, not (card.captures and card.plays), card.index))


def _alsa_name(card: SoundCard, direction: Direction) -> str:
    # HDMI takes frames of IEC 958, which ALSA's own configuration of the card makes. Every other card
    # is opened as it is: formats and rates are converted here, and better.
    if card.hdmi:
        return f"sysdefault:CARD={card.id}"
    return f"hw:CARD={card.id},DEV={card.devices(direction)[0]}"


def _sentence(what: str, direction: Direction, there: list[SoundCard]) -> str:
    able = [str(card) for card in there if card.devices(direction)]
    others = [str(card) for card in there if not card.devices(direction)]
    if able:
        return f"{what}: take one of {', '.join(able)} ([sound] {direction})."
    listed = f"; here is only {', '.join(others)}" if others else ""
    return f"{what}: {_REMEDY}{listed} ([sound] {direction})."
