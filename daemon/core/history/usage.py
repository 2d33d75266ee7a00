"""What an answer cost, in tokens of each kind."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from daemon.realtime.events import InputTokens, Json, OutputTokens, Usage

_MOST = 10**9


class Tokens(Struct):
    """`cached_*` are a part of `input_*`; `unsorted` are those of which the server did not tell the kind."""

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
        self._add_input(_count(usage.input_tokens), usage.input_token_details)
        self._add_output(_count(usage.output_tokens), usage.output_token_details)

    def _add_input(self, total: int, details: InputTokens | UnsetType) -> None:
        if details is UNSET:
            self.unsorted += total
            return
        audio = _count(details.audio_tokens)
        self.input_audio += audio
        self.input_text += max(_count(details.text_tokens), total - audio)
        cached: Json = {} if details.cached_tokens_details is UNSET else details.cached_tokens_details
        self.cached_text += _count(cached.get("text_tokens"))
        self.cached_audio += _count(cached.get("audio_tokens"))

    def _add_output(self, total: int, details: OutputTokens | UnsetType) -> None:
        if details is UNSET:
            self.unsorted += total
            return
        audio = _count(details.audio_tokens)
        self.output_audio += audio
        self.output_text += max(_count(details.text_tokens), total - audio)


def _count(value: object) -> int:
    """What a server tells need not be a number of tokens."""
    return value if isinstance(value, int) and 0 < value <= _MOST else 0
