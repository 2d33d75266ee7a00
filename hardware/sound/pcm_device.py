"""Opening a sound card at its native rate, in a format and with the channels that it has."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import alsaaudio
import msgspec

from hardware.ports import Mono, SoundConfig, SoundError
from hardware.sound.alsa_pcm import AlsaPcm, Rates
from hardware.sound.card_discovery import Direction, cards, changes, other_side, resolve, running_rate_hz
from hardware.sound.sample_formats import FORMATS, Format

log = logging.getLogger("voiced.sound")

# Rates that divide well by 24 kHz, or lose nothing of it, come first.
_PREFERRED_HZ = (48_000, 24_000, 44_100, 96_000, 32_000, 16_000, 8_000)
LEAST_HZ, MOST_HZ = 4_000, 768_000
_MOST_CHANNELS = 8
_TYPES = {"microphone": alsaaudio.PCM_CAPTURE, "speaker": alsaaudio.PCM_PLAYBACK}

_opening = threading.Lock()
_OPENING_S = 1.0


@dataclass
class Stream:
    """An open PCM and the parameters that the card settled on. Belongs to one thread."""

    pcm: AlsaPcm
    device: str
    """What ALSA calls it, whatever the configuration does."""
    format: Format
    rate_hz: int
    channels: int
    period_frames: int
    buffer_frames: int
    has_driver: bool
    """A card of the kernel, and no sound server in user space."""

    def read(self, channel: int) -> Mono | None:
        """One period of one channel, which is waited for if the stream waits; None after an overrun."""
        frames, data = self.pcm.read()
        return None if frames == -errno.EPIPE else self.format.decode(data, self.channels, channel)

    def write(self, samples: Mono) -> bool:
        """Write to all channels, which does not wait where there is room; False after an underrun."""
        data = self.format.encode(samples, self.channels)
        if self.pcm.write(data) != -errno.EPIPE:
            return True
        # The card stands ready again, but without these samples.
        self.pcm.write(data)
        return False

    @property
    def running(self) -> bool:
        """Between the first read or write and `drop`, or an xrun."""
        return bool(self.pcm.state() == alsaaudio.PCM_STATE_RUNNING)

    def available_frames(self) -> int:
        """Frames to read, or room to write; an xrun leaves nothing to read and all the room."""
        frames: int = self.pcm.avail()
        if frames == -errno.EPIPE:
            return self.buffer_frames if self.pcm.pcmtype() == alsaaudio.PCM_PLAYBACK else 0
        if frames < 0:
            raise alsaaudio.ALSAAudioError(os.strerror(-frames))
        return frames

    def delay_frames(self) -> int:
        """Frames written and not heard yet."""
        return max(0, self.buffer_frames - self.available_frames())

    def check(self) -> None:
        """Notice on a stopped PCM that the card has gone. Raises ALSAAudioError."""
        # A card of the kernel tells by its state, the plugin of a sound server by its poll descriptors.
        self.pcm.poll()
        if self.pcm.state() == alsaaudio.PCM_STATE_DISCONNECTED:
            raise alsaaudio.ALSAAudioError(os.strerror(errno.ENODEV))

    def drop(self) -> None:
        """Stop at once and forget what was not heard or read; the next read or write starts anew."""
        self.pcm.drop()

    def close(self) -> None:
        """Release the card without waiting for what was not heard."""
        with suppress(alsaaudio.ALSAAudioError):
            self.pcm.drop()
        self.pcm.close()


@dataclass(frozen=True)
class Alsa:
    """The sound cards of a machine: `root` is where dev, proc and sys are, `pcm` opens what ALSA calls so."""

    root: Path = Path("/")
    pcm: Callable[..., AlsaPcm] = AlsaPcm

    def changes(self) -> int:
        """A number that is another one after a card has come or gone."""
        return changes(self.root)

    def open(self, direction: Direction, config: SoundConfig, *, waits: bool = True) -> Stream:
        """Open the card that the configured name means just now. Raises SoundError.

        A microphone that does not wait gives what it has: the first read starts it, and gives nothing.
        """
        device = resolve(getattr(config, direction), direction, self.root)
        config = msgspec.structs.replace(config, **{direction: device})
        try:
            with _one_at_a_time():
                rate_hz, sample_format = self._choose(direction, device, config)
                stream = self._open_channels(direction, device, rate_hz, sample_format, config, waits)
        except alsaaudio.ALSAAudioError as error:
            raise sound_error(direction, config, error) from error
        if not LEAST_HZ <= stream.rate_hz <= MOST_HZ:
            stream.close()
            words = f"runs at {stream.rate_hz} Hz, which is no rate for a voice: name another card"
            raise SoundError(f"The {direction} {device} {words} ([sound] {direction}).")
        log.info(
            "%s %s: %d Hz, %d channels, %s, period of %d frames, buffer of %d",
            *(direction, device, stream.rate_hz, stream.channels),
            *(stream.format.name, stream.period_frames, stream.buffer_frames),
        )
        if stream.rate_hz != rate_hz:
            log.warning("the %s has no %d Hz: it runs at %d Hz", direction, rate_hz, stream.rate_hz)
        return stream

    def superseded(self, stream: Stream, direction: Direction, config: SoundConfig) -> bool:
        """Does the configured name mean another card by now, such as a headset that came after HDMI?"""
        try:
            return resolve(getattr(config, direction), direction, self.root) != stream.device
        except SoundError:
            return False

    def _open_channels(
        self,
        direction: Direction,
        device: str,
        rate_hz: int,
        sample_format: Format,
        config: SoundConfig,
        waits: bool,
    ) -> Stream:
        needed = config.microphone_channel + 1 if direction == "microphone" else 1
        for channels in range(needed, _MOST_CHANNELS + 1):
            pcm = self._pcm(direction, device, rate_hz, channels, sample_format.name, config, waits)
            stream = _stream(pcm, device)
            if stream.channels >= needed:
                return stream
            stream.close()
        raise SoundError(
            f"The microphone {device} has {stream.channels} channels, so there is no channel "
            f"{config.microphone_channel}: lower microphone_channel in [sound], it counts from 0."
        )

    def _choose(self, direction: Direction, device: str, config: SoundConfig) -> tuple[int, Format]:
        """The rate and the format to request, from those that the card offers."""
        with closing(self._pcm(direction, device)) as probe:
            offered, rates, info = probe.getformats(), probe.getrates(), probe.info()
        sample_format = _format_among(offered)
        if config.rate_hz:
            return config.rate_hz, sample_format
        shared = rates
        if (card_no := info["card_no"]) >= 0:
            rates = self._hardware_rates(direction, card_no, info["device_no"]) or rates
            shared = self._other_rates(direction, card_no) or rates
        return _preferred_hz(rates, shared), sample_format

    def _other_rates(self, direction: Direction, card_no: int) -> Rates | None:
        """The rates of the card's other side, which may well share its clock: just one if it is open."""
        side = other_side(direction)
        card = next((card for card in cards(self.root) if card.index == card_no and card.devices(side)), None)
        if card is None:
            return None
        device = card.devices(side)[0]
        return running_rate_hz(card, side, self.root) or self._hardware_rates(side, card_no, device)

    def _hardware_rates(self, direction: Direction, card_no: int, device_no: int) -> Rates | None:
        """What the card behind a plug layer can do by itself, or None if it does not tell (dmix holds it)."""
        with (
            suppress(alsaaudio.ALSAAudioError),
            closing(self._pcm(direction, f"hw:{card_no},{device_no}")) as probe,
        ):
            return probe.getrates()
        return None

    def _pcm(
        self,
        direction: Direction,
        device: str,
        rate_hz: int = _PREFERRED_HZ[0],
        channels: int = 1,
        format_name: str = FORMATS[0].name,
        config: SoundConfig | None = None,
        waits: bool = True,
    ) -> AlsaPcm:
        """Open a PCM. ALSA takes all parameters as hints: the card may settle on others."""
        config = config or SoundConfig()
        return self.pcm(
            type=_TYPES[direction],
            waits=waits,
            device=device,
            rate=rate_hz,
            channels=channels,
            format=getattr(alsaaudio, f"PCM_FORMAT_{format_name}"),
            periodsize=rate_hz * config.period_ms // 1000,
            periods=max(2, round(config.buffer_ms / config.period_ms)),
        )


ALSA = Alsa()
"""This machine."""


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Asking a card what it can do opens it, and both sides are asked: so one thread at a time.

    If the other one hangs, this one goes ahead all the same.
    """
    mine = _opening.acquire(timeout=_OPENING_S)
    try:
        yield
    finally:
        if mine:
            _opening.release()


class ClockError(SoundError):
    """The card is open, and its sound does not keep up with the clock."""


def clock_error(direction: Direction, config: SoundConfig, *, fast: bool) -> ClockError:
    """The sentence for a card that gives sound faster than time passes, or none at all."""
    device = getattr(config, direction)
    if fast:
        words = "gives sound faster than time passes, so that it is no card: name another from `arecord -L`"
    else:
        words = "stands still: end what suspends it, start its sound server anew, or plug it in again"
    return ClockError(f"The {direction} {device} {words} ([sound] {direction}).")


def sound_error(direction: Direction, config: SoundConfig, error: Exception) -> SoundError:
    """An error of ALSA as a sentence that names the remedy, told from others by its text."""
    device = getattr(config, direction)
    lister = "arecord -L" if direction == "microphone" else "aplay -L"
    said = str(error)
    if _means(said, errno.ENOENT, errno.ENODEV, errno.ENXIO):
        words = f"is not there: plug it in, or take a name from `{lister}`"
    elif _means(said, errno.EBUSY):
        words = "is in use: end the program that `fuser -v /dev/snd/*` shows, or name another card"
    elif _means(said, errno.EACCES, errno.EPERM):
        words = "may not be used: put the user of this program into the group audio"
    else:
        words = f"does not work ({said}): plug it in again, or take a name from `{lister}`"
    return SoundError(f"The {direction} {device} {words} ([sound] {direction}).")


def _means(said: str, *codes: int) -> bool:
    return any(os.strerror(code) in said for code in codes)


def _preferred_hz(rates: Rates, shared: Rates) -> int:
    """The best rate of those that both sides of the card have, else the best of this side."""
    able = [hz for hz in _PREFERRED_HZ if _within(rates, hz)]
    both = [hz for hz in able if _within(shared, hz)]
    return (both or able or list(_PREFERRED_HZ))[0]


def _format_among(names: Iterable[str]) -> Format:
    for each in FORMATS:
        if each.name in names:
            return each
    known = ", ".join(each.name for each in FORMATS)
    raise SoundError(f"The sound card offers only {', '.join(names)}: use one with {known} ([sound]).")


def _within(rates: Rates, rate_hz: int) -> bool:
    match rates:
        case tuple():
            return rates[0] <= rate_hz <= rates[1]
        case list():
            return rate_hz in rates
        case int():
            return rate_hz == rates
        case _:
            assert_never(rates)


def _stream(pcm: AlsaPcm, device: str) -> Stream:
    info = pcm.info()
    return Stream(
        pcm,
        device,
        _format_among([info["format_name"]]),
        rate_hz=info["rate"],
        channels=info["channels"],
        period_frames=info["period_size"],
        buffer_frames=info["buffer_size"],
        has_driver=info["card_no"] >= 0,
    )
