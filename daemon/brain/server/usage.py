"""Token counts: one per 100 ms of input audio, per 50 ms of output audio, per four characters."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.brain.server.conversation import StoredItem
from daemon.realtime.events import InputTokens, OutputTokens, Usage

CHARACTERS_PER_TOKEN = 4
_MS_PER_TOKEN_IN = 100
_MS_PER_TOKEN_OUT = 50
_CACHE_BLOCK = 64


def text_tokens(text: str) -> int:
    """Tokens of a text, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def spoken_tokens(audio_ms: int) -> int:
    """Tokens of output audio."""
    return -(-audio_ms // _MS_PER_TOKEN_OUT)


def input_tokens(instructions: str, entries: Iterable[StoredItem], before: InputTokens) -> InputTokens:
    """Tokens of a prompt; those of the session's previous prompt count as cached."""
    text, audio = text_tokens(instructions), 0
    for entry in entries:
        text += text_tokens(entry.text)
        ms_per_token = _MS_PER_TOKEN_OUT if entry.item.role == "assistant" else _MS_PER_TOKEN_IN
        audio += -(-entry.audio_ms // ms_per_token)
    cached_text = min(text, before.text_tokens) // _CACHE_BLOCK * _CACHE_BLOCK
    cached_audio = min(audio, before.audio_tokens) // _CACHE_BLOCK * _CACHE_BLOCK
    return InputTokens(
        text_tokens=text,
        audio_tokens=audio,
        cached_tokens=cached_text + cached_audio,
        cached_tokens_details={"text_tokens": cached_text, "audio_tokens": cached_audio, "image_tokens": 0},
    )


def usage(read: InputTokens, text: int, audio: int) -> Usage:
    """The usage of one response: its input, and the text and audio tokens of its output."""
    tokens_in = read.text_tokens + read.audio_tokens
    return Usage(
        total_tokens=tokens_in + text + audio,
        input_tokens=tokens_in,
        output_tokens=text + audio,
        input_token_details=read,
        output_token_details=OutputTokens(text_tokens=text, audio_tokens=audio),
    )
