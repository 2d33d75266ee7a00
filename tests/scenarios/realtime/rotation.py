"""One session ends in the middle of what is said, the next one in the middle of the answer."""

from __future__ import annotations

import asyncio
import tempfile
import wave
from pathlib import Path

import numpy as np

from daemon.audio.pcm import from_pcm16
from daemon.audio.resampler import Resampler
from daemon.commands.demo.virtualcard import VirtualCard
from daemon.core import events as ev
from daemon.realtime.events import RATE_HZ
from hardware.ports import Mono
from tests.scenarios.realtime.align import Match, match
from tests.scenarios.realtime.peer import NoiseVoice, Peer, noise
from tests.scenarios.realtime.rig import RealtimeRig, appliance

SESSION_S = 12.0
BEFORE_S = 6.0
UTTERANCE_S = 10.0
CARD_HZ = 48_000


async def run(card: VirtualCard) -> tuple[list[str], str]:
    """What is broken, and how the machine stalled."""
    peer = Peer(["what can you do"], NoiseVoice())
    limit = f'fallback = "none"\nmax_session_s = {SESSION_S}'
    with tempfile.TemporaryDirectory(prefix="voiced-") as folder:
        spoken = Path(folder, "speaker.wav")
        async with peer.listening() as url, appliance(card, url, limit) as app:
            with card.record("speaker", spoken):
                await asyncio.sleep(BEFORE_S)
                await _say(app, card)
                turn = await app.turn()
                await asyncio.sleep(0.5)
        broken = [*_judge_turn(turn), *_judge_utterance(app, peer), *_judge_answer(app, peer, _read(spoken))]
        return broken, app.stalled


async def _say(app: RealtimeRig, card: VirtualCard) -> None:
    app.board.press()
    await asyncio.sleep(0.2)
    feed = card.feed(noise(UTTERANCE_S, seed=99))
    await asyncio.to_thread(feed.wait)
    await asyncio.sleep(0.7)
    app.board.release()


def _judge_turn(turn: dict[str, object]) -> list[str]:
    wrong = [f"{name} is {turn[name]!r}" for name in ("trouble", "interrupted") if turn[name]]
    print(f"  turn: heard {turn['heard_ms']} ms of the answer")
    return wrong


def _judge_utterance(app: RealtimeRig, peer: Peer) -> list[str]:
    pressed, released = _span(app, "listening")
    inside = [round(at - pressed, 1) for at in _rotations(app) if pressed < at < released]
    captured, heard = b"".join(app.notes.captured), peer.heard[-1] if peer.heard else b""
    said = match(from_pcm16(heard), noise(UTTERANCE_S, seed=99), RATE_HZ)
    print(f"  utterance of {len(captured) / 48_000:.2f} s, rotation after {inside} s")
    print(f"  at the brain {len(heard) / 48_000:.2f} s: {_described(said)}")
    wrong = [] if inside else ["no rotation fell into the utterance"]
    if heard != captured:
        wrong.append(f"the brain has {len(heard) // 2} samples of the {len(captured) // 2} captured")
    return wrong + ([f"{len(said.missing_s)} blocks of the utterance are missing"] if said.missing_s else [])


def _judge_answer(app: RealtimeRig, peer: Peer, recorded: Mono) -> list[str]:
    began, ended = _span(app, "speaking")
    inside = [round(at - began, 1) for at in _rotations(app) if began < at < ended]
    said = np.concatenate(peer.voice.said)
    heard = match(recorded, Resampler(RATE_HZ, CARD_HZ, "linear").process(said), CARD_HZ)
    print(f"  answer of {len(said) / RATE_HZ:.1f} s in {ended - began:.1f} s, rotation after {inside} s")
    print(f"  at the speaker: {_described(heard)}; starved {app.notes.starved} times")
    wrong = [] if inside else ["no rotation fell into the answer"]
    if heard.missing_s:
        wrong.append(f"{len(heard.missing_s)} blocks of the answer are missing")
    if app.notes.starved:
        wrong.append(f"there was nothing to play {app.notes.starved} times in the middle of the answer")
    return wrong


def _described(found: Match) -> str:
    gaps = ", ".join(f"{1000 * long_s:.0f} ms at {at_s:.1f} s" for at_s, long_s in found.gaps) or "none"
    missing = f"{len(found.missing_s)} blocks missing"
    return f"{missing}, the others within {found.worst_db:.0f} dB; gaps of this machine: {gaps}"


def _rotations(app: RealtimeRig) -> list[float]:
    return [at for at, each in app.notes.of(ev.Disconnect) if each.why is ev.NewSession.EXPIRING]


def _span(app: RealtimeRig, state: ev.TurnState) -> tuple[float, float]:
    """From when until when the appliance was in this state."""
    states = app.notes.of(ev.StateChanged)
    index = [each.state for _, each in states].index(state)
    return states[index][0], states[index + 1][0]


def _read(path: Path) -> Mono:
    with wave.open(str(path), "rb") as file:
        return from_pcm16(file.readframes(file.getnframes()))
