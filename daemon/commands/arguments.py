"""Parses command lines: argparse, but nothing that was given is ignored silently."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from daemon.text.printable import one_line


class _Once(argparse.Action):
    """An option that may be given once: argparse would silently drop all values but the last."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        given: set[str] = vars(namespace).setdefault("given", set())
        if option_string is not None and self.dest in given:
            raise argparse.ArgumentError(self, "it is there twice; give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """Accepts no option twice, and prints what was typed safely."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.register("action", None, _Once)

    def flag(self, name: str, meaning: str) -> None:
        """Add an option without a value."""
        self.add_argument(name, action="store_true", help=meaning)

    def path(self, name: str, metavar: str, meaning: str, default: Path | None = None) -> None:
        """Add an option that names a file or a directory."""
        self.add_argument(name, metavar=metavar, type=Path, default=default, help=meaning)

    def error(self, message: str) -> NoReturn:
        """Print the error and exit."""
        super().error(one_line(message))


def seconds(text: str) -> float:
    """A duration given as an option; inf is for ever."""
    span_s = float(text)
    if not span_s >= 0:
        raise ValueError
    return span_s
