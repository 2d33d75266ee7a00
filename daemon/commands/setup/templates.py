"""The texts that a new configuration can start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from daemon.commands.setup.asking import SetupError
from daemon.config.error_messages import ConfigError
from daemon.config.loader import parse
from daemon.text.text_file import TextFileError, read_text

KEEP: Final = "keep"
"""In place of a board: start from the present configuration."""

_NO_BOARDS: Final = ("voiced", "demo")


def beginning(config: Path, board: str) -> tuple[str, str]:
    """The text to start from, and its name in errors: a board's example, or the present configuration."""
    if board != KEEP:
        path = _examples().get(board)
        if path is None:
            raise SetupError(f"There is no example {board!r}: choose one of {', '.join(boards())}.")
        return path.read_text(encoding="utf-8"), path.name
    try:
        text = read_text(config)
    except TextFileError as error:
        raise SetupError(f"{config}: cannot be read ({error.problem}); {error.remedy}.") from None
    except FileNotFoundError:
        text = _examples()["voiced"].read_text(encoding="utf-8")
    try:
        parse(text, str(config))
    except ConfigError as error:
        raise SetupError(f"{error}; or begin anew with --board, one of {', '.join(boards())}.") from None
    return text, str(config)


def boards() -> list[str]:
    """The names of the boards with an example."""
    return sorted(name for name in _examples() if name not in _NO_BOARDS)


def _examples() -> dict[str, Path]:
    """The examples: in share if installed, in deploy in a check-out."""
    checkout = Path(__file__).parents[3] / "deploy"
    folders = (Path(sys.prefix) / "share/voiced", checkout, checkout / "boards")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}
