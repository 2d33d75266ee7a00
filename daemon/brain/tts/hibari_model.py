"""The model of the package hibari-tts in a third of its memory, with the same samples.

Its constructors would read three dictionaries into memory and keep all that a long sentence once needed; what
they set is set here instead, from the mapped table. `tests/test_private_parts.py` holds this against them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from daemon.brain import hibari_tables as tables
from daemon.brain.lean_session import open_session


def lean_model() -> Any:
    """A `hibari.Hibari`. Raises ImportError."""
    from hibari import Hibari, tts

    path = tts.voice_path(tts.DEFAULT)
    return _made(
        Hibari,
        voice=tts.DEFAULT,
        model_path=path,
        sess=open_session(Path(path)),
        vocab=json.loads(Path(tts.ASSETS, "vocab.json").read_text("utf-8")),
        _g2p=lean_g2p(),
    )


def lean_g2p() -> Any:
    """A `hibari.g2p.G2P`, American English. Raises ImportError."""
    from hibari import g2p

    table = tables.open_table()
    return _made(
        g2p.G2P,
        lexicon=g2p.Lexicon(table.section(tables.GOLD), table.section(tables.SILVER)),
        tokenizer=g2p.Tokenizer(json.loads(Path(g2p.ASSETS, "tokenizer_exceptions.json").read_text("utf-8"))),
        tagger=_made(
            g2p.Tagger,
            tags=table.section(tables.TAGGER).get("tags"),
            tagdict=table.section(tables.WORD_TAGS),
            weights=table.section(tables.WEIGHTS),
            vocab=table.section(tables.FREQUENT),
        ),
        _oov=None,
        unk="",
        british=False,
    )


def _made(kind: Any, **attributes: object) -> Any:
    """An object with these attributes, without its constructor."""
    made = kind.__new__(kind)
    vars(made).update(attributes)
    return made
