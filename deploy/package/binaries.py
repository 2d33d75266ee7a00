"""Check that every library of the packages fits the machine: binaries.py CPU FOLDER...

Ends with a message where one is for another machine, or cannot be mapped by a kernel with pages of 16 KiB,
which a Raspberry Pi 5 has.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

MACHINES = {"x86_64": 62, "aarch64": 183}
PAGE_BYTES = {"x86_64": 4096, "aarch64": 16_384}
PT_LOAD = 1


def load_alignments(elf: bytes) -> Iterator[int]:
    """The alignment in bytes of each loaded segment of a 64 bit ELF file."""
    (start,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for header in range(start, start + size * count, size):
        if struct.unpack_from("<I", elf, header) == (PT_LOAD,):
            yield struct.unpack_from("<Q", elf, header + 48)[0]


def complaint(elf: bytes, cpu: str) -> str | None:
    """What is wrong with a library, if anything is."""
    if struct.unpack_from("<H", elf, 18) != (MACHINES[cpu],):
        return "is for another machine"
    if any(alignment < PAGE_BYTES[cpu] for alignment in load_alignments(elf)):
        return "cannot be loaded with large pages"
    return None


def main(cpu: str, *folders: str) -> int:
    """Print what does not fit; the exit status is 1 then."""
    files = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file()]
    libraries = {path: path.read_bytes() for path in files if path.open("rb").read(4) == b"\x7fELF"}
    wrong = {path: why for path, elf in libraries.items() if (why := complaint(elf, cpu))}
    for path, why in wrong.items():
        print(f"{path} {why}.", file=sys.stderr)
    return 1 if wrong or not libraries else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
