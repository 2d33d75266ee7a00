"""Sources of answers: a person at the terminal, or a file."""

from __future__ import annotations

import difflib
import getpass
import select
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.text import Text

from daemon.commands.setup.questions import ALL, DEVICES, KEY, Question
from daemon.commands.terminal import Terminal
from daemon.config.bounded_toml import TomlError, tables
from daemon.errors import OwnerError
from daemon.text.printable import one_line
from daemon.text.text_file import TextFileError, read_text

T = TypeVar("T")


class SetupError(OwnerError):
    """The wizard cannot go on; the message is one sentence with the remedy."""


class Asker:
    """Gets answers and prints progress: from a person at the terminal, or at the other end of a pipe."""

    attended = True
    """Whether a person is there to listen, speak and press."""

    def __init__(self, console: Terminal) -> None:
        self._console = console

    def say(self, text: str, style: str = "") -> None:
        """Print a line."""
        self._console.print(text, style=style, soft_wrap=True)

    def ask(self, question: Question[T], default: str = "", choices: Mapping[str, str] | None = None) -> T:
        """The answer to a question; an empty one is `default`, else the question's own.

        Asked until it is valid; choices may be given by number.
        """
        default = default or question.default
        names = list(choices or ())
        for number, name in enumerate(names, 1):
            self.say(f"  {number}  {(choices or {})[name]}")
        while True:
            typed = self._line(question.text, default) or default
            if typed.isdigit() and 0 < int(typed) <= len(names):
                typed = names[int(typed) - 1]
            try:
                return _read(question, typed, choices)
            except ValueError as error:
                self.say(f"  {error}", "yellow")

    def assume(self, question: Question[T], default: str) -> T:
        """The answer to a question with a known answer: a person is not asked."""
        try:
            return question.read(default)
        except ValueError as error:
            raise SetupError(f"{question.key}: {error}") from None

    def secret(self) -> str:
        """The key as typed, without an echo; or an empty text."""
        if sys.stdin.isatty():
            return getpass.getpass(f"{KEY.text} ").strip()
        return self._line(KEY.text, "")

    def await_or_enter(self, event: threading.Event, limit_s: float) -> None:
        """Wait for the event in short steps; Enter will do instead."""
        for _ in range(round(limit_s / 0.1)):
            if event.wait(0.1):
                return
            if sys.stdin.isatty() and select.select([sys.stdin], [], [], 0)[0]:
                sys.stdin.readline()
                return

    def _line(self, text: str, default: str) -> str:
        given = f" ({one_line(default)})" if default else ""
        shown = Text.assemble((text, "bold"), (given, "bold cyan"), " ")
        try:
            return self._console.input(shown).strip()
        except EOFError:
            raise SetupError("There are no more answers: run it in a terminal, or give --answers.") from None


class AnswerFile(Asker):
    """Gets them from a TOML file; missing ones have their defaults. Raises SetupError."""

    attended = False

    def __init__(self, path: Path, console: Terminal) -> None:
        super().__init__(console)
        self._path = path
        self._answers = _read_answers(path)

    def ask(self, question: Question[T], default: str = "", choices: Mapping[str, str] | None = None) -> T:
        """The file's answer; a list of texts answers a question that comes again."""
        given = self._answers.get(question.key)
        if isinstance(given, list):
            given = given.pop(0) if given else None
        try:
            return _read(question, (default or question.default) if given is None else given, choices)
        except ValueError as error:
            raise SetupError(f"{self._path}: {question.key}: {error}") from None

    def assume(self, question: Question[T], default: str) -> T:
        """The file's answer, else the default."""
        return self.ask(question, default)

    def secret(self) -> str:
        """What is in the file that `key_file` names."""
        name = self._answers.get(KEY.key)
        try:
            return read_text(Path(str(name))) if name else ""
        except (OSError, TextFileError) as error:
            raise SetupError(f"{self._path}: key_file: {name} cannot be read ({error}).") from None

    def await_or_enter(self, event: threading.Event, limit_s: float) -> None:
        """Wait for the event only."""
        event.wait(limit_s)


def _read(question: Question[T], text: str, choices: Mapping[str, str] | None) -> T:
    if choices and text not in choices:
        raise ValueError(f"There is no {text!r}; choose one of {', '.join(choices)}.")
    return question.read(text)


def _read_answers(path: Path) -> dict[str, str | list[str]]:
    try:
        raw = tables(read_text(path))
    except (OSError, TextFileError) as error:
        raise SetupError(f"{path}: the answers cannot be read ({error}); mend the file.") from None
    except TomlError as error:
        raise SetupError(f"{path}: the answers cannot be read: {error}.") from None
    known = [question.key for question in ALL]
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            remedy = f'did you mean "{near[0]}"?' if near else f"choose among {', '.join(known)}."
            raise SetupError(f'{path}: there is no question "{key}"; {remedy}')
    answers = {key: _as_typed(value) for key, value in raw.items()}
    # This question comes again until there are no more devices.
    if isinstance(device := answers.get(DEVICES.key), str):
        answers[DEVICES.key] = [device]
    return answers


def _as_typed(value: Any) -> str | list[str]:
    """TOML's values as a person would type them."""
    if isinstance(value, bool):
        return "y" if value else "n"
    if isinstance(value, list) and all(isinstance(each, str) for each in value) and value:
        return list(value)
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
