"""How the words behind `voiced` are read: argparse, but that nothing given is lost without a word."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from daemon.text.printable import one_line


class _Once(argparse.Action):
    """An option with one value: of two the second would hide the first, without a word."""

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
    """Takes no option twice, and repeats what was typed as letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        """Say it, and end."""
        super().error(one_line(message))


def seconds(text: str) -> float:
    """A span of time that an option gives; inf is for ever."""
    span_s = float(text)
    if not span_s >= 0:
        raise ValueError
    return span_s
