"""Finds the keys, and reads them from files as people write them."""

from __future__ import annotations

import base64
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from daemon.config.model import Config
from daemon.errors import OwnerError
from daemon.text.masking import Secret, keep_secret
from daemon.text.text_file import TextFileError, read_text

CREDENTIAL: Final = "realtime_key"
PLAIN_CREDENTIAL: Final = f"{CREDENTIAL}_plain"
BRAIN_CREDENTIAL: Final = "brain_key"
VARIABLE: Final = "OPENAI_API_KEY"
ALONE: Final = "write the key alone, on one line"

_ASSIGNED: Final = re.compile(
    r"(?:(?:export|set)\s+|\$env:)?(?:\w*(?:key|token|secret)\w*\s*[=:]|(?-i:[A-Z][A-Z_]*=)|Environment=)"
    r"\s*(?P<key>.*[^=\s;].*?);?",
    re.IGNORECASE,
)
"""An assignment, as in a file for a shell. A text that ends with "=" is base64."""
_NAME_ALONE: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+=")
_PASTED: Final = re.compile(r"sk-[\w-]{16,}|[A-Za-z0-9+_=-]{32,}")
"""A key that was written in place of the path of its file."""
_NEVER: Final = "\"'`<>{}"
_CREDENTIALS_LIMIT: Final = 4096


class KeyTextError(OwnerError, ValueError):
    """A text is no key; the message says why, and never holds the text."""


class Found(NamedTuple):
    """A key, if there is one, and a sentence about the place where it should be and is not."""

    key: Secret | None
    trouble: str = ""


def key_of(text: str) -> Secret | None:
    """The key in a text: alone, in quotes, or after NAME=; None if it is empty. Raises KeyTextError."""
    lines = [line for each in text.split("\n") if (line := each.strip()) and not line.startswith("#")]
    if len(lines) > 1:
        raise KeyTextError(f"there are {len(lines)} lines in it")
    key = "".join(lines)
    while (bare := _unwrapped(key)) != key:
        key = bare
    if wrong := next((each for each in key if not "!" <= each <= "~" or each in _NEVER), ""):
        raise KeyTextError(f"there is a {_called(wrong)} in it")
    if len(key) > _CREDENTIALS_LIMIT:
        raise KeyTextError(f"it has {len(key)} letters")
    return Secret(key) if key else None


def _unwrapped(key: str) -> str:
    """A key without one of the forms that people write around it."""
    if _NAME_ALONE.fullmatch(key):
        return ""
    if key.endswith((";", ",")):
        return key[:-1].rstrip()
    if assigned := _ASSIGNED.fullmatch(key):
        return assigned["key"]
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'":
        return key[1:-1].strip()
    return key[len("bearer ") :].strip() if key.lower().startswith("bearer ") else key


def basic(login: str) -> Secret:
    """USER:PASSWORD as the value of a header."""
    return Secret(f"Basic {base64.b64encode(login.encode()).decode()}")


def _called(letter: str) -> str:
    name = unicodedata.name(letter, f"U+{ord(letter):04X}").lower()
    return {" ": "blank", "\t": "tab"}.get(letter, f"letter that is called {name}")


def resolve_key(config: Config) -> Secret | None:
    """The key of the server, None if there is none."""
    return find_key(config).key


def find_key(config: Config) -> Found:
    """From `realtime.key_file`, else from systemd's credentials, else from OPENAI_API_KEY."""
    trouble = ""
    for found in _places(config):
        trouble = trouble or found.trouble
        if found.key:
            return Found(found.key, trouble)
    return Found(None, trouble)


def find_brain_key(key_file: str) -> Found:
    """The key that the brain asks for over TCP: from this file, else from systemd's credentials."""
    if key_file:
        return _in_file(Path(key_file), "brain.key_file")
    return next(_credentials(BRAIN_CREDENTIAL), Found(None))


def keyless(config: Config) -> bool:
    """Whether the server needs a key and there is none, so that only the offline brain can answer."""
    realtime = config.realtime
    return realtime.server.needs_key and realtime.fallback == "offline" and resolve_key(config) is None


def _places(config: Config) -> Iterator[Found]:
    if config.realtime.key_file:
        yield _in_file(Path(config.realtime.key_file), "realtime.key_file")
    else:
        yield from _credentials(CREDENTIAL, PLAIN_CREDENTIAL)
    yield _in_environment()


def _credentials(*names: str) -> Iterator[Found]:
    """The systemd credential: encrypted keys have another name than plain ones."""
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        yield from (_in_file(Path(folder, name), "") for name in names)


def _in_file(path: Path, option: str) -> Found:
    """The key in a file that this option names; a stored key, which no option names, may be missing."""
    name = option or "the stored key"
    if option and is_pasted(path):
        return Found(None, f"{option}: this is the key itself; write it into a file, and name that file here")
    try:
        key = key_of(read_text(path))
        return Found(
            key, "" if key or not option else f"{name}: {path} is empty; write the key alone into it"
        )
    except FileNotFoundError:
        return Found(None, f"{name}: {path} is not there; write the key alone into it" if option else "")
    except TextFileError as error:
        return Found(None, f"{name}: {path} cannot be read ({error.problem}); {error.remedy}")
    except KeyTextError as error:
        return Found(None, f"{name}: what is in {path} is no key ({error}); {ALONE}")


def is_pasted(path: Path) -> bool:
    """Whether this is a key in place of the path of its file; then it must not be shown."""
    if not _PASTED.fullmatch(str(path)):
        return False
    keep_secret(str(path))
    return True


def _in_environment() -> Found:
    try:
        return Found(key_of(os.environ.get(VARIABLE, "")))
    except KeyTextError as error:
        return Found(None, f"{VARIABLE}: what is there is no key ({error}); write the key alone")
