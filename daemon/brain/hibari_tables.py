"""The dictionaries of the package hibari-tts as one table in a file: as Python's own they take 100 MB.

`python -m daemon.brain.hibari_tables FOLDER` writes the table when the Debian package is made. Elsewhere it
is made at the first start and kept in the cache, or in memory where it cannot be.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import logging
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any, Final

from daemon.brain.cache import kept, making
from daemon.brain.string_table import Sections, StringTable, table_of

GOLD, SILVER = "gold", "silver"
"""The sections of pronunciations."""
WORD_TAGS, WEIGHTS, FREQUENT, TAGGER = "word-tags", "weights", "frequent", "tagger"
"""Of the tagger: the tag of words that always have the same one, the weights of features, the words that are
features, and under `tags` the names of the tags."""

_FILES: Final = ("lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz", "tagger.json.gz")
_LAYOUT: Final = 1
_GZIP: Final = 31  # zlib's word for it
_CHECKSUM_BYTES: Final = 8

_opening = threading.Lock()
log = logging.getLogger(__name__)


def open_table() -> StringTable:
    """The table, which all users share. Raises ImportError."""
    with _opening:
        return shared_table(_assets())


@functools.cache
def shared_table(assets: Path) -> StringTable:
    """The table of these files: as it was installed, else from the cache, else made now."""
    name = _name(assets)
    cached = kept(name)
    for path in (Path(__file__).with_name(name), cached):
        with contextlib.suppress(OSError, ValueError):
            return StringTable.at(path)
    # In a process of its own, which takes the 150 MB that this needs along when it ends.
    made = subprocess.run([sys.executable, "-m", __name__, cached.parent], capture_output=True, text=True)
    try:
        return StringTable.at(cached)
    except (OSError, ValueError):
        log.warning("The voice's dictionaries stay in memory, as there is no cache: %s", made.stderr[-200:])
        return StringTable.within(table_of(_sections(assets)))


def main(folder: str) -> int:
    """Write the table into this folder, as it is installed beside this module."""
    assets = _assets()
    with making(Path(folder, _name(assets))) as draft:
        draft.write_bytes(table_of(_sections(assets)))
    return 0


def _assets() -> Path:
    """The folder of the package's files. The package itself is not imported: that needs onnxruntime."""
    spec = importlib.util.find_spec("hibari")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("No module named 'hibari'", name="hibari")
    return Path(spec.submodule_search_locations[0]) / "assets"


def _name(assets: Path) -> str:
    """The table's file; another one for other dictionaries, by the checksums that their files end with."""
    ends = b"".join((assets / name).read_bytes()[-_CHECKSUM_BYTES:] for name in _FILES)
    return f"hibari-{_LAYOUT}-{zlib.crc32(ends):08x}.table"


def _sections(assets: Path) -> Sections:
    gold, silver, tagger = (_json(assets / name) for name in _FILES)
    return {
        GOLD: gold,
        SILVER: silver,
        WORD_TAGS: tagger["tagdict"],
        WEIGHTS: tagger["weights"],
        FREQUENT: dict.fromkeys(tagger["vocab"], True),
        TAGGER: {"tags": tagger["tags"]},
    }


def _json(path: Path) -> Any:
    return json.loads(zlib.decompress(path.read_bytes(), wbits=_GZIP))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
