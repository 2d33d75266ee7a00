"""Turn detection: audio in, the beginnings and ends of speech out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from daemon.brain.server.settings import SemanticVad, ServerVad
from daemon.brain.server.vad import FRAME_BYTES, FRAME_MS, VoiceDetector

_ONSET_MS = 80
_LONGEST_MS = 60_000
_SEMANTIC_SILENCE_MS = {"low": 1500, "medium": 900, "auto": 900, "high": 500}
_SEMANTIC_PREFIX_MS = 300


@dataclass(frozen=True)
class VoiceStarted:
    """Speech began; `at_ms` is the beginning of the turn's audio, prefix included."""

    at_ms: int


@dataclass(frozen=True)
class VoiceStopped:
    """Speech ended; `at_ms` includes the silence that ended it."""

    at_ms: int


Edge: TypeAlias = VoiceStarted | VoiceStopped
TurnDetection: TypeAlias = ServerVad | SemanticVad


class TurnDetector:
    """Feeds the voice detector and measures the silence. Times count all audio fed."""

    def __init__(self, detection: TurnDetection, at_ms: float = 0.0) -> None:
        self.detection = detection
        if isinstance(detection, ServerVad):
            self.prefix_ms, self._silence_ms = detection.prefix_padding_ms, detection.silence_duration_ms
            self._voice = VoiceDetector(detection.threshold)
        else:
            self.prefix_ms, self._silence_ms = _SEMANTIC_PREFIX_MS, _SEMANTIC_SILENCE_MS[detection.eagerness]
            self._voice = VoiceDetector()
        self._rest = b""
        self._now_ms = at_ms
        self._earliest_ms = at_ms
        self._began_ms = at_ms
        self._quiet_ms = 0
        self.speaking = False

    def feed(self, pcm: bytes) -> Iterator[Edge]:
        """Feed PCM16 mono 24 kHz of any length. Returns the edges in it, in order."""
        pcm = self._rest + pcm
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        self._rest = pcm[whole:]
        for start in range(0, whole, FRAME_BYTES):
            yield from self._frame(pcm[start : start + FRAME_BYTES])

    def reset(self) -> None:
        """Drop a turn that has begun: its audio was cleared."""
        self._voice.reset()
        self.speaking = False
        self._earliest_ms = self._now_ms

    def _frame(self, frame: bytes) -> Iterator[Edge]:
        loud = self._voice.feed(frame)
        self._now_ms += FRAME_MS
        self._quiet_ms = 0 if loud else self._quiet_ms + FRAME_MS
        if loud and not self.speaking:
            self.speaking = True
            before_ms = self._now_ms - _ONSET_MS - self.prefix_ms
            whole = self._voice.from_the_start
            self._began_ms = self._earliest_ms if whole else max(before_ms, self._earliest_ms)
            yield VoiceStarted(int(self._began_ms))
        elif self.speaking and (self._quiet_ms >= self._silence_ms or self._is_endless()):
            self.speaking = False
            self._earliest_ms = self._now_ms
            yield VoiceStopped(int(self._now_ms))

    def _is_endless(self) -> bool:
        """Whether speech goes on too long, as with music: the turn ends before the input buffer is full."""
        return self._now_ms - self._began_ms >= _LONGEST_MS
