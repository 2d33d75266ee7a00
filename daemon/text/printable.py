"""Makes text safe to print: no control sequences, no invisible characters, no secrets.

Names, answers and errors come from others. Whatever could act on a terminal is written as a visible escape,
and nothing else is changed.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import textwrap
import traceback
import types
from typing import Any, Final

from daemon.text.masking import mask, masked

_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_HIDDEN: Final = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_TURNING: Final = r"\u2028-\u202e"  # line and paragraph separators, and marks for right-to-left text
_BROKEN: Final = r"\ud800-\udfff"

_ANY: Final = re.compile(f"[{_CONTROLS}{_HIDDEN}{_TURNING}{_BROKEN}]")
_ANY_BUT_LINES: Final = re.compile(f"(?![\t\n])[{_CONTROLS}{_HIDDEN}{_TURNING}{_BROKEN}]")


def one_line(text: object) -> str:
    """A text on one line: line breaks are escaped as well."""
    return _ANY.sub(_escape, mask(str(text)))


def many_lines(text: object) -> str:
    """A text in which line breaks and tabs may stay."""
    return _ANY_BUT_LINES.sub(_escape, mask(str(text)).replace("\r\n", "\n"))


def to_json(value: Any, indent: int | None = None) -> str:
    """The value as JSON that is safe to print."""
    return safe_json(json.dumps(masked(value), indent=indent))


def safe_json(text: str) -> str:
    """A JSON text with unsafe characters as JSON escapes."""
    return _ANY_BUT_LINES.sub(lambda found: json.dumps(found[0])[1:-1].replace("\x7f", r"\u007f"), text)


class PlainFormatter(logging.Formatter):
    """The message on one line; a traceback below it is indented, so that it cannot look like a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The message."""
        return one_line(record.message)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback."""
        return textwrap.indent(many_lines(super().formatException(ei)), "    ", lambda line: True)


def say(text: object) -> None:
    """Print it."""
    print(many_lines(text))


def complain(text: object) -> None:
    """Print a message on stderr."""
    print(one_line(text), file=sys.stderr)


def show_crash(
    kind: type[BaseException], error: BaseException | None, trace: types.TracebackType | None
) -> None:
    """Print an uncaught error as Python does, made printable."""
    sys.stderr.write(many_lines("".join(traceback.format_exception(kind, error, trace))))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
