"""What doctor finds: a stable code, one sentence, one remedy, and where it is safe, a way to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


_OWN_NAMES: Final = ("voiced", "systemd", "button", "gpio", "sound")


@dataclass(frozen=True)
class Fix:
    """What `--fix` does: safe, reversible, said before it is done. `act` tells whether it worked."""

    says: str
    act: Callable[[], bool]


@dataclass(frozen=True)
class Finding:
    """The service works in spite of a `warning`, not of an `error`. Codes never change their meaning."""

    code: str
    level: Severity
    sentence: str
    remedy: str
    fix: Fix | None = field(default=None, compare=False, repr=False)

    @property
    def facts(self) -> dict[str, str | bool]:
        """For scripts."""
        return {
            "code": self.code,
            "level": self.level,
            "sentence": self.sentence,
            "remedy": self.remedy,
            "fixable": self.fix is not None,
        }


Told: TypeAlias = Finding | str
"""What a check yields: findings, and facts that are good to know when all is well."""


def error(code: str, sentence: str, remedy: str, fix: Fix | None = None) -> Finding:
    """Something that the service does not work without."""
    return Finding(code, "error", _sentence(sentence), _sentence(remedy), fix)


def warning(code: str, sentence: str, remedy: str, fix: Fix | None = None) -> Finding:
    """Something that the service works in spite of."""
    return Finding(code, "warning", _sentence(sentence), _sentence(remedy), fix)


def split(message: str, mark: str) -> tuple[str, str]:
    """Sentence and remedy of one of our own messages: what is left and right of its last mark."""
    sentence, _, remedy = message.rpartition(mark)
    return (sentence, remedy) if sentence else (message, "Mend that")


def exit_status(findings: list[Finding]) -> int:
    """0 healthy, 1 warnings, 2 broken."""
    return max((2 if each.level == "error" else 1 for each in findings), default=0)


def _sentence(text: str) -> str:
    """Names and keys of the configuration stay as they are written; all else begins with a capital."""
    key = text.split(" ")[0].rstrip(":")
    begin = text if key in _OWN_NAMES or not key.isalpha() else text[0].upper() + text[1:]
    return begin if begin.endswith((".", "?", "!")) else f"{begin}."
