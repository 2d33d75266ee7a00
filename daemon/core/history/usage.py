"""The tokens that an answer cost, by kind."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from daemon.realtime.events import InputTokens, OutputTokens, Usage

_MOST = 10**9


class Tokens(Struct):
    """`cached_*` are a part of `input_*`; `unsorted` are those whose kind the server did not tell."""

    input_text: int = 0
    input_audio: int = 0
    cached_text: int = 0
    cached_audio: int = 0
    output_text: int = 0
    output_audio: int = 0
    unsorted: int = 0

    def add(self, usage: Usage | None) -> None:
        """Count one answer. Whatever is not audio is text: instructions, tools, reasoning."""
        if usage is None:
            return
        text, audio = self._sorted(_count(usage.input_tokens), usage.input_token_details)
        self.input_text += text
        self.input_audio += audio
        text, audio = self._sorted(_count(usage.output_tokens), usage.output_token_details)
        self.output_text += text
        self.output_audio += audio
        details = usage.input_token_details
        if details is not UNSET and details.cached_tokens_details is not UNSET:
            self.cached_text += _count(details.cached_tokens_details.get("text_tokens"))
            self.cached_audio += _count(details.cached_tokens_details.get("audio_tokens"))

    def _sorted(self, total: int, details: InputTokens | OutputTokens | UnsetType) -> tuple[int, int]:
        """How many are text, and how many audio."""
        if details is UNSET:
            self.unsorted += total
            return 0, 0
        audio = _count(details.audio_tokens)
        return max(_count(details.text_tokens), total - audio), audio


def _count(value: object) -> int:
    """A number of tokens; 0 for anything else that a server sends."""
    return value if isinstance(value, int) and 0 < value <= _MOST else 0
