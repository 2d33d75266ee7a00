"""What /proc/asound and /sys/class/sound look like on boards that people have, to be planted in a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

RP1 = "devices/platform/axi/1000120000.pcie/1f00200000.usb/xhci-hcd.0"
PI4_USB = "devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0"
SOC = "devices/platform/soc/soc"


@dataclass(frozen=True)
class Planted:
    """A card as the kernel shows it. `pcms` maps a folder such as "pcm0p" to the id of its device."""

    id: str
    driver: str
    name: str
    pcms: dict[str, str]
    device: str = f"{SOC}:sound"
    """Its folder under /sys, without `sound/cardN`."""
    running: dict[str, int] = field(default_factory=dict)
    """The rate of those PCMs that somebody has open."""


HEADPHONES = Planted(
    "Headphones",
    "bcm2835_headpho",
    "bcm2835 Headphones",
    {"pcm0p": "bcm2835 Headphones"},
    "devices/platform/soc/fe00b840.mailbox/bcm2835_audio",
)
HDMI0 = Planted("vc4hdmi0", "vc4-hdmi", "vc4-hdmi-0", {"pcm0p": "MAI PCM i2s-hifi-0"}, f"{SOC}/fef00700.hdmi")
HDMI1 = Planted("vc4hdmi1", "vc4-hdmi", "vc4-hdmi-1", {"pcm0p": "MAI PCM i2s-hifi-0"}, f"{SOC}/fef05700.hdmi")
HEADSET = Planted(
    "Headset",
    "USB-Audio",
    "Logitech USB Headset",
    {"pcm0p": "USB Audio", "pcm0c": "USB Audio"},
    f"{PI4_USB}/usb1/1-1/1-1.3/1-1.3:1.0",
)
USB_MICROPHONE = Planted(
    "Device", "USB-Audio", "USB PnP Sound Device", {"pcm0c": "USB Audio"}, f"{RP1}/usb1/1-2/1-2:1.0"
)
WM8960 = Planted(
    "wm8960soundcard",
    "simple-card",
    "wm8960-soundcard",
    {"pcm0p": "bcm2835-i2s-wm8960-hifi wm8960-hifi-0", "pcm0c": "bcm2835-i2s-wm8960-hifi wm8960-hifi-0"},
)
RESPEAKER = Planted(
    "seeed2micvoicec",
    "seeed-2mic-voic",
    "seeed-2mic-voicecard",
    {"pcm0p": "bcm2835-i2s-wm8960-hifi wm8960-hifi-0", "pcm0c": "bcm2835-i2s-wm8960-hifi wm8960-hifi-0"},
)
VOICEHAT = Planted(
    "sndrpigooglevoi",
    "RPi-simple",
    "snd_rpi_googlevoicehat_soundcar",
    {"pcm0p": "Google voiceHAT SoundCard HiFi voicehat-hifi-0", "pcm0c": "Google voiceHAT SoundCard HiFi"},
)
MAX98357 = Planted("MAX98357A", "simple-card", "MAX98357A", {"pcm0p": "bcm2835-i2s-HiFi HiFi-0"})
I2S_MICROPHONE = Planted(
    "sndrpii2scard",
    "simple-card",
    "snd_rpi_i2s_card",
    {"pcm0c": "simple-card_codec_link snd-soc-dummy-dai-0"},
)
LOOPBACK = Planted(
    "Loopback",
    "Loopback",
    "Loopback",
    dict.fromkeys(("pcm0p", "pcm0c", "pcm1p", "pcm1c"), "Loopback PCM"),
    "devices/platform/snd_aloop.0",
)
GRAPHICS = Planted(
    "NVidia",
    "HDA-Intel",
    "HDA NVidia",
    {"pcm3p": "HDMI 0", "pcm7p": "HDMI 1"},
    "devices/pci0000:00/0000:00:01.0/0000:01:00.1",
)

PI4_HEADSET = (HDMI0, HDMI1, HEADPHONES, HEADSET)
PI5_BARE = (HDMI0, HDMI1)
PI_WM8960 = (HDMI0, WM8960)
PI_RESPEAKER = (HDMI0, HEADPHONES, RESPEAKER)
PI_VOICEHAT = (VOICEHAT, HDMI0)
PI_I2S_APART = (HDMI0, MAX98357, I2S_MICROPHONE)
PI_JACK_AND_USB_MICROPHONE = (HEADPHONES, HDMI0, USB_MICROPHONE)


def plant(root: Path, *cards: Planted) -> Path:
    """Make the files of these cards below `root`, numbered in this order."""
    asound = root / "proc/asound"
    asound.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{index:2} [{card.id:15}]: {card.driver} - {card.name}\n                      {card.name}\n"
        for index, card in enumerate(cards)
    ]
    (asound / "cards").write_text("".join(lines) or "--- no soundcards ---\n")
    for index, card in enumerate(cards):
        _plant_pcms(asound / f"card{index}", card)
        _plant_device(root, index, card)
    return root


def _plant_pcms(folder: Path, card: Planted) -> None:
    for name, pcm_id in card.pcms.items():
        substream = folder / name / "sub0"
        substream.mkdir(parents=True)
        (folder / name / "info").write_text(f"card: 0\ndevice: 0\nid: {pcm_id}\nsubdevices_count: 1\n")
        rate = card.running.get(name)
        opened = f"access: RW_INTERLEAVED\nformat: S16_LE\nchannels: 2\nrate: {rate} ({rate}/1)\n"
        (substream / "hw_params").write_text(opened if rate else "closed\n")


def _plant_device(root: Path, index: int, card: Planted) -> None:
    (root / "sys" / card.device / f"sound/card{index}").mkdir(parents=True, exist_ok=True)
    link = root / f"sys/class/sound/card{index}"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(f"../../{card.device}/sound/card{index}")
