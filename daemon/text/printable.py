"""Text for people: nothing in it that a terminal would obey, that hides, or that is secret.

A name, an answer, an error of a server are not ours. What they must not do to a terminal is written as an
escape, so that it can be seen, and nothing else is changed.
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
_TURNING: Final = r"\u2028-\u202e"  # line and paragraph separators, and what writes from right to left
_BROKEN: Final = r"\ud800-\udfff"

_ANY: Final = re.compile(f"[{_CONTROLS}{_HIDDEN}{_TURNING}{_BROKEN}]")
_ANY_BUT_LINES: Final = re.compile(f"(?![\t\n])[{_CONTROLS}{_HIDDEN}{_TURNING}{_BROKEN}]")


def one_line(text: object) -> str:
    """A text that stays on its line: an escape for each line break as well."""
    return _ANY.sub(_escape, mask(str(text)))


def many_lines(text: object) -> str:
    """A text that may have lines and tabs."""
    return _ANY_BUT_LINES.sub(_escape, mask(str(text)).replace("\r\n", "\n"))


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON that means the same and prints as it is."""
    return safe_json(json.dumps(masked(value), indent=indent))


def safe_json(text: str) -> str:
    """A text of JSON with those letters as escapes of JSON."""
    return _ANY_BUT_LINES.sub(lambda found: json.dumps(found[0])[1:-1].replace("\x7f", r"\u007f"), text)


class PlainFormatter(logging.Formatter):
    """The message stays on its line; a traceback below it stands to the right, where no record begins."""

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
    """Print a sentence on stderr."""
    print(one_line(text), file=sys.stderr)


def show_crash(
    kind: type[BaseException], error: BaseException | None, trace: types.TracebackType | None
) -> None:
    """What Python prints of an error that ends it, made printable."""
    sys.stderr.write(many_lines("".join(traceback.format_exception(kind, error, trace))))


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
