"""The findings of doctor: a stable code, a sentence, a remedy, and a fix if that is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


_OWN_NAMES: Final = ("voiced", "systemd", "button", "gpio", "sound")


@dataclass(frozen=True)
class Fix:
    """An action of `--fix`: safe, reversible, announced first. `act` returns whether it worked."""

    says: str
    act: Callable[[], bool]


@dataclass(frozen=True)
class Finding:
    """The service works despite a `warning`, not despite an `error`. Codes never change their meaning."""

    code: str
    level: Severity
    sentence: str
    remedy: str
    fix: Fix | None = field(default=None, compare=False, repr=False)

    @property
    def facts(self) -> dict[str, str | bool]:
        """The finding as JSON."""
        facts = {**vars(self), "fixable": self.fix is not None}
        del facts["fix"]
        return facts


Told: TypeAlias = Finding | str
"""What a check yields: findings, and facts worth knowing when all is well."""


def error(code: str, sentence: str, remedy: str, fix: Fix | None = None) -> Finding:
    """A finding that keeps the service from working."""
    return Finding(code, "error", _sentence(sentence), _sentence(remedy), fix)


def warning(code: str, sentence: str, remedy: str, fix: Fix | None = None) -> Finding:
    """A finding that the service works despite."""
    return Finding(code, "warning", _sentence(sentence), _sentence(remedy), fix)


def split(message: str, mark: str) -> tuple[str, str]:
    """One of our own messages split into sentence and remedy, at the last `mark`."""
    sentence, _, remedy = message.rpartition(mark)
    return (sentence, remedy) if sentence else (message, "Mend that")


def exit_status(findings: list[Finding]) -> int:
    """0 for healthy, 1 for warnings, 2 for errors."""
    return max((2 if each.level == "error" else 1 for each in findings), default=0)


def _sentence(text: str) -> str:
    """A capital first letter, except for names and keys of the configuration."""
    key = text.split(" ")[0].rstrip(":")
    begin = text if key in _OWN_NAMES or not key.isalpha() else text[0].upper() + text[1:]
    return begin if begin.endswith((".", "?", "!")) else f"{begin}."
