"""Runs in the server's own environment: speech-to-speech without the two downloads of its start.

Its voice detection comes from the package silero-vad instead of torch.hub; sentences are split here and not
by a model of nltk's.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

nltk: Any = import_module("nltk")
hub: Any = import_module("torch.hub")
silero: Any = import_module("silero_vad")


def _sentences(text: str, language: str = "english") -> list[str]:
    return [each for each in re.split(r"(?<=[.!?])\s+", text) if each]


def _model(*_: Any, **__: Any) -> tuple[Any, tuple[()]]:
    return silero.load_silero_vad(), ()


def _nothing(*_: Any, **__: Any) -> bool:
    return False


if __name__ == "__main__":
    nltk.sent_tokenize, nltk.download, hub.load = _sentences, _nothing, _model
    import_module("speech_to_speech.cli").main()
