"""Asks the questions in order, tries each answer out, and enters it into a draft."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import ParamSpec, TypeAlias

from daemon.commands.setup import questions
from daemon.commands.setup.asking import Asker, SetupError
from daemon.commands.setup.questions import Question
from daemon.commands.setup.trials import ButtonTrial, Trials
from daemon.config.draft import Draft, DraftError
from daemon.config.error_messages import ConfigError
from daemon.config.model import Config
from daemon.devices import wiring
from daemon.network.credentials import KeyTextError, key_of
from daemon.realtime.provider_registry import PROVIDERS
from daemon.text.masking import Secret
from hardware.ports import HardwareError, PinError, SoundError, pins_of
from hardware.sound.card_discovery import Direction, SoundCard, cards, find

P = ParamSpec("P")

Gpio: TypeAlias = dict[str, str]
"""Keys of `[gpio]` and their values in TOML; without a chip there are no pins."""

Works: TypeAlias = Callable[[Config, Trials], bool]

_TRIES = 3
_BUTTON_LINE = "17"
_I2S_LINES = range(18, 22)  # on the header of a Raspberry Pi


class Interview:
    """The interview. With `trials` it plays and records sound, and waits for the button.

    `root` is the folder of dev, proc and sys.
    """

    def __init__(
        self, asker: Asker, draft: Draft, trials: Trials | None, *, key_stored: bool, root: Path = Path("/")
    ) -> None:
        self._asker = asker
        self._draft = draft
        self._trials = trials
        self._key_stored = key_stored
        self._root = root

    def run(self) -> Secret | None:
        """Ask everything; returns the key if there is a new one. Raises SetupError."""
        self._sound("speaker", questions.SPEAKER, self._tones_heard)
        self._sound("microphone", questions.MICROPHONE, self._voice_heard)
        self._wiring(self._gpio())
        self._devices()
        self._warn_of_sound_lines()
        self._turn()
        return self._provider()

    # ------------------------------------------------------------ sound

    def _sound(self, direction: Direction, question: Question[str], works: Works) -> None:
        """Use the configured card, or the most likely one; ask only if it does not work."""
        name = self._asker.assume(question, getattr(self._draft.config.sound, direction))
        self._change(self._draft.set, "sound", direction, _quoted(name))
        for _ in range(_TRIES):
            if not self._trials or works(self._draft.config, self._trials) or not self._asker.attended:
                return
            name = self._asker.ask(question, name, _choices(direction, name, self._root))
            self._change(self._draft.set, "sound", direction, _quoted(name))
        self._asker.say(f"Continuing without a {direction}: `voiced doctor` finds out more.", "yellow")

    def _tones_heard(self, config: Config, trials: Trials) -> bool:
        card = _described(config.sound.speaker, "speaker", self._root)
        self._asker.say(f"Speaker: {card}. It plays three tones.")
        try:
            trials.play(config.sound)
        except SoundError as error:
            self._asker.say(str(error), "red")
            return False
        return self._asker.ask(questions.HEARD) or self._opened_mixer(config.sound.speaker, "speaker")

    def _voice_heard(self, config: Config, trials: Trials) -> bool:
        name = config.sound.microphone
        card = _described(name, "microphone", self._root)
        self._asker.say(f"Microphone: {card}. Say something, for three seconds.")
        try:
            level = trials.record(config.sound)
        except SoundError as error:
            self._asker.say(str(error), "red")
            return False
        self._asker.say(f"  {level}")
        if level.silent:
            self._asker.say("That was silence: speak up, or take another microphone.", "yellow")
            self._opened_mixer(name, "microphone")
        return not level.silent

    def _opened_mixer(self, name: str, direction: Direction) -> bool:
        """Unmute the mixer if the owner agrees. Always False: the card is tried again."""
        from daemon.commands.doctor.mixer import blocking, controls, unmute

        card = find(name, direction, self._root)
        device = f"hw:CARD={card.id}" if card else name
        closed = [control.name for control in blocking(controls(device, direction), direction)]
        if closed:
            self._asker.say(f"The mixer is muted: {', '.join(closed)}.", "yellow")
            if self._asker.ask(questions.UNMUTE):
                unmute(device, direction, closed)
        return False

    # ------------------------------------------------------------ pins

    def _gpio(self) -> Gpio:
        """Find the gpiochip. A machine without one gets the virtual pins."""
        from hardware.gpio.chip_factory import find_chip, list_chips

        try:
            chips = list_chips(self._root / "dev")
        except PinError as error:
            self._asker.say(f"{error} Until then, press with `voiced press`.", "yellow")
            return {"backend": '"virtual"'}
        chip = self._asker.assume(questions.CHIP, str(self._draft.config.gpio.chip))
        try:
            find_chip(int(chip) if chip.isdigit() else chip, self._root / "dev")
        except PinError as error:
            self._asker.say(str(error), "yellow")
            chip = self._asker.ask(questions.CHIP, "", {each.label: str(each) for each in chips})
        return {"backend": '"lgpio"', "chip": chip if chip.isdigit() else _quoted(chip)}

    def _wiring(self, gpio: Gpio) -> None:
        """The button and the status lamp as they are configured; asked only if no press comes."""
        trials = self._trials if "chip" in gpio else None
        config = self._draft.config
        line = str(_BUTTON_LINE if config.button.pin is None else config.button.pin)
        lamp = " ".join(map(str, _lamp_lines(config))) or "none"
        wiring = self._asker.assume(questions.BUTTON, line), self._asker.assume(questions.LAMP, lamp)
        for _ in range(_TRIES):
            fits = self._change(self._wire, gpio, *wiring)
            if fits and (not trials or self._pressed(trials) or not self._asker.attended):
                return
            line, lamp = str(wiring[0]), " ".join(map(str, wiring[1])) or "none"
            wiring = self._asker.ask(questions.BUTTON, line), self._asker.ask(questions.LAMP, lamp)
        self._asker.say("Continuing without a press of the button: `voiced doctor` finds out more.", "yellow")

    def _wire(self, gpio: Gpio, button: int, lamp: tuple[int, ...]) -> None:
        unchanged = lamp == _lamp_lines(self._draft.config)
        for key, literal in gpio.items():
            self._draft.set("gpio", key, literal)
        self._draft.set("button", "pin", str(button))
        if unchanged:
            return
        if not lamp:
            self._draft.remove_table("lamps.status")
            return
        wires = f"pins = {list(lamp)}" if len(lamp) == 3 else f"pin = {lamp[0]}"
        self._draft.set_table("lamps.status", [f'kind = "{"rgb" if len(lamp) == 3 else "led"}"', wires])

    def _pressed(self, trials: Trials) -> bool:
        config = self._draft.config
        self._asker.say(
            f"Press the button on line {config.button.pin} and let it go; the lamp lights up meanwhile. "
            f"(Enter if it is wired to another line.)"
        )
        try:
            trial = ButtonTrial(trials.board(config), config.lamps)
        except HardwareError as error:
            self._asker.say(str(error), "red")
            return False
        with closing(trial):
            self._asker.await_or_enter(trial.pressed, trials.press_s)
            verdict = trial.verdict(trials.release_s)
        said = {
            "pressed": "  pressed and released",
            "stuck": "It is down all the time: look for a short circuit, or take another line.",
            "none": "No press was seen: check its two wires, or take another line.",
        }
        self._asker.say(said[verdict], "green" if verdict == "pressed" else "yellow")
        return verdict == "pressed"

    # ------------------------------------------------------------ devices, provider

    def _devices(self) -> None:
        while device := self._asker.ask(questions.DEVICES):
            table = f"devices.{device.key}"
            if device.key in self._draft.config.devices:
                self._asker.say(f"There is a device {device.name} already; it is replaced.", "yellow")
            entries = device.entries()
            if self._change(self._draft.set_table, table, entries):
                self._asker.say(f"  {device.name}: {', '.join(entry.split('  ')[0] for entry in entries)}")

    def _warn_of_sound_lines(self) -> None:
        """Warn of devices on I2S lines: they stop the sound, and the kernel allows it."""
        config = self._draft.config
        if config.gpio.backend != "lgpio" or not any(_on_i2s(card) for card in cards(self._root)):
            return
        for path, pin in wiring.pins(config):
            if pin in _I2S_LINES:
                self._asker.say(f"{path}: line {pin} carries the sound of the card; take another.", "yellow")

    def _turn(self) -> None:
        """As it is configured: only an answer file says otherwise."""
        configured = self._draft.config.realtime.turn
        turn = self._asker.assume(questions.TURN, configured)
        if turn != configured:
            self._change(self._draft.set, "realtime", "turn", _quoted(turn))

    def _provider(self) -> Secret | None:
        while True:
            provider = self._asker.ask(questions.PROVIDER, self._draft.config.realtime.provider)
            if self._change(self._set_provider, provider):
                break
        return None if PROVIDERS[provider].is_brain else self._key(provider)

    def _set_provider(self, provider: str) -> None:
        realtime = self._draft.config.realtime
        self._draft.set("realtime", "provider", _quoted(provider))
        url = ""
        if PROVIDERS[provider].url_form:
            url = self._asker.ask(questions.URL, realtime.url)
        if url != realtime.url:
            self._draft.set("realtime", "url", _quoted(url))
        if not PROVIDERS[provider].is_brain:
            model = self._asker.ask(questions.MODEL, realtime.model)
            if model != realtime.model:
                self._draft.set("realtime", "model", _quoted(model))

    def _key(self, provider: str) -> Secret | None:
        try:
            key = key_of(self._asker.secret())
        except KeyTextError as error:
            raise SetupError(f"This is no key ({error}): give the key alone, on one line.") from None
        if key and self._draft.config.realtime.key_file:
            self._change(self._draft.set, "realtime", "key_file", '""')
        if not key and not self._key_stored and PROVIDERS[provider].needs_key:
            self._asker.say(
                "Without a key the offline brain answers; `voiced setup` takes it later.", "yellow"
            )
        return key

    def _change(self, change: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Change the draft; if that fails, restore it and raise SetupError."""
        before = list(self._draft.lines)
        try:
            change(*args, **kwargs)
            _ = self._draft.config
        except (ConfigError, DraftError) as error:
            self._draft.lines = before
            if not self._asker.attended:
                raise SetupError(str(error)) from None
            self._asker.say(str(error), "red")
            return False
        return True


def _quoted(text: str) -> str:
    """A text as a TOML string, in JSON's form."""
    return json.dumps(text, ensure_ascii=False)


def _described(name: str, direction: Direction, root: Path) -> str:
    try:
        card = find(name, direction, root)
    except SoundError:
        return name
    return str(card) if card else name


def _on_i2s(card: SoundCard) -> bool:
    """Whether a card is on I2S: not on USB, HDMI, or built into the board."""
    built_in = ("bcm2835", "Loopback", "Dummy", "HDA")
    return not (card.usb_path or card.hdmi or card.driver.startswith(built_in))


def _choices(direction: Direction, name: str, root: Path) -> dict[str, str]:
    """The cards with this direction, by lasting names; and the one just tried, to try it again."""
    there = cards(root)
    able = {_lasting_name(card, there): str(card) for card in there if card.devices(direction)}
    return {name: f"{name}, once more"} | {key: text for key, text in able.items() if key != name}


def _lasting_name(card: SoundCard, there: list[SoundCard]) -> str:
    """The name by its id, or by its USB port if there are two of the same model, whose ids may swap."""
    alike = [each for each in there if each.name == card.name]
    return f"usb:{card.usb_path}" if len(alike) > 1 and card.usb_path else f"card:{card.id}"


def _lamp_lines(config: Config) -> tuple[int, ...]:
    lamp = config.lamps.get("status")
    return tuple(pin for _, pin in pins_of(lamp)) if lamp else ()
