"""Looks for secrets where a service may leave them: files, environment, command lines."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: plain, hexadecimal, and inside of base64 at any offset."""
    plain = secret.encode()
    encoded = {base64.b64encode(b"x" * offset + plain)[4:-4] for offset in range(3)}
    return {plain, plain.hex().encode(), secret.encode("utf-16-le")} | encoded


def leaks(secrets: Iterable[str], places: Iterable[Path]) -> list[str]:
    """Each place with a secret in it, as "PATH: SECRET"; folders with everything below them."""
    wanted = {secret: forms(secret) for secret in secrets}
    return [
        f"{path}: {secret}"
        for path in _files(places)
        for secret, shapes in wanted.items()
        if any(shape in _read(path) for shape in shapes)
    ]


def _read(path: Path) -> bytes:
    """What lies there; a file that is replaced just now lies there under its last name."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())
        else:
            yield place


def family(pid: int) -> Iterator[int]:
    """A process and all that come of it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))
