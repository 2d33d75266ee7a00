"""Mutants that no test can notice, each with the reason."""

from __future__ import annotations

from typing import Final

EQUIVALENT: Final[dict[str, str]] = {
    "daemon/audio/resampler.py Resampler._allocate: 1 -> 2": "one more row of work space, which nobody reads",
    "daemon/audio/resampler.py _bank: 2 -> 3": "shorter blocks give the same samples, and cost a little more",
    "daemon/core/response/offline_tts.py OfflineTts.__init__: self._read_id = '' -> pass": (
        "it has a value before anybody compares with it"
    ),
    "daemon/core/input/utterance.py Utterance.__init__: 0 -> 1 (#2)": (
        "a sample has two bytes, and every limit is a whole number of samples"
    ),
}
