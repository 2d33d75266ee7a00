"""A table from strings to JSON values in a file, of which some kilobytes are in memory.

The entries are in buckets by the checksums of their keys, some sixteen in each. The bytes of a table: how
many buckets it has, where each begins and the last one ends, all of 4 bytes, the lowest first; then the
buckets: keys and values in turn, each with a zero byte behind it.
"""

from __future__ import annotations

import json
import os
import struct
import weakref
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, TypeAlias

Sections: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Dictionaries by their names; a name has no space."""
Read: TypeAlias = Callable[[int, int], bytes]
"""Reads as many bytes as the first says, from the place that the second says; fewer where the table ends."""

_NUMBER: Final = struct.Struct("<I")
_BUCKET_ENTRIES: Final = 16


def table_of(sections: Sections) -> bytes:
    """The bytes of a table of these dictionaries."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    count = sum(map(len, sections.values())) // _BUCKET_ENTRIES + 1
    buckets = [bytearray() for _ in range(count)]
    for name, section in sections.items():
        for word, value in section.items():
            key = _key(name, word)
            buckets[zlib.crc32(key) % count] += key + b"\0" + encode(value).encode() + b"\0"
    places = accumulate(map(len, buckets), initial=_NUMBER.size * (count + 2))
    return struct.pack(f"<{count + 2}I", count, *places) + b"".join(buckets)


class StringTable:
    """Looks up strings in a table. Raises ValueError if it is not whole."""

    def __init__(self, read: Read) -> None:
        self._read = read
        try:
            (self._count,) = _NUMBER.unpack(read(_NUMBER.size, 0))
            layout = struct.Struct(f"<{self._count + 1}I")
            places = read(layout.size, _NUMBER.size)
            end = layout.unpack(places)[-1]
        except struct.error as error:
            raise ValueError("The table is cut off.") from error
        if not self._count or len(read(2, end - 1)) != 1:
            raise ValueError("The table is cut off, or longer than it says.")
        self._places = places

    @classmethod
    def at(cls, path: Path) -> StringTable:
        """The table in this file, which stays open. Raises OSError, or ValueError if it is not whole."""
        file = os.open(path, os.O_RDONLY)
        try:
            table = cls(lambda length, place: os.pread(file, length, place))
        except ValueError:
            os.close(file)
            raise
        weakref.finalize(table, os.close, file)
        return table

    @classmethod
    def within(cls, data: bytes) -> StringTable:
        """The table of these bytes. Raises ValueError if it is not whole."""
        return cls(lambda length, place: data[place : place + length])

    def section(self, name: str) -> Section:
        """One of its dictionaries."""
        return Section(self, name)

    def value(self, key: bytes) -> Any:
        """What is kept under a key, None if nothing is."""
        bucket = zlib.crc32(key) % self._count
        start, end = struct.unpack_from("<2I", self._places, _NUMBER.size * bucket)
        parts = self._read(end - start, start).split(b"\0")
        found = dict(zip(parts[::2], parts[1::2], strict=False)).get(key)
        return None if found is None else json.loads(found)


@dataclass(frozen=True)
class Section:
    """One dictionary of a table, for those who look up and do not iterate."""

    table: StringTable
    name: str

    def get(self, key: str) -> Any:
        """The value of a key, None if it has none."""
        return self.table.value(_key(self.name, key))

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None


def _key(section: str, key: str) -> bytes:
    return f"{section} {key}".encode("utf-8", "surrogatepass")
