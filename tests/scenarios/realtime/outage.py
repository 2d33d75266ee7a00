"""The link is cut for 25 s in the middle of what is said: it is answered as soon as the link is back."""

from __future__ import annotations

import asyncio
import re
import time

from daemon.commands.demo.virtualcard import VirtualCard
from daemon.core import events as ev
from tests.scenarios.realtime.peer import NoiseVoice, Peer, noise
from tests.scenarios.realtime.rig import RealtimeRig, appliance
from tests.service.hostile import Hostile

CUT_S = 25.0
UTTERANCE_S = 4.0
LIMIT_S = 2.0


async def run(card: VirtualCard) -> tuple[list[str], str]:
    """What is broken, and how the machine stalled."""
    peer = Peer(["what can you do"], NoiseVoice((2.0,)))
    patient = 'fallback = "none"\nmax_wait_s = 60'
    async with peer.listening() as brain:
        network = Hostile(brain)
        async with network.listening() as url, appliance(card, url, patient) as app:
            app.board.press()
            feed = card.feed(noise(UTTERANCE_S, seed=7))
            await asyncio.sleep(UTTERANCE_S / 2)
            network.shut = True
            network.cut()
            cut_at = time.monotonic()
            await asyncio.to_thread(feed.wait)
            await asyncio.sleep(0.5)
            app.board.release()
            await asyncio.sleep(cut_at + CUT_S - time.monotonic())
            network.shut = False
            back_at, backoff_s = time.monotonic(), _backoff_s(app)
            turn = await app.turn()
        return _judge(app, peer, turn, back_at, backoff_s), app.stalled


def _backoff_s(app: RealtimeRig) -> float:
    """How long from now the next attempt was due, when it was announced last."""
    waits = [(at, each.reason) for at, each in app.notes.of(ev.LinkChanged) if "next try in" in each.reason]
    at, reason = waits[-1]
    return max(0.0, at + float(re.findall(r"next try in ([0-9.]+) s", reason)[0]) - time.monotonic())


def _judge(
    app: RealtimeRig, peer: Peer, turn: dict[str, object], back_at: float, backoff_s: float
) -> list[str]:
    speaking = [at for at, each in app.notes.of(ev.StateChanged) if each.state == "speaking"]
    answered_s = speaking[0] - back_at if speaking else float("inf")
    captured, heard = b"".join(app.notes.captured), peer.heard[-1] if peer.heard else b""
    print(f"  link back, the next attempt due in {backoff_s:.2f} s: answered after {answered_s:.2f} s")
    print(f"  at the brain {len(heard) // 2} samples of the {len(captured) // 2} captured")
    wrong = [] if heard == captured else ["the brain has not got all that was said"]
    if turn["trouble"] or turn["interrupted"]:
        wrong.append(f"the turn ended with {turn['trouble']!r}")
    if answered_s > backoff_s + LIMIT_S:
        wrong.append(f"answered {answered_s - backoff_s:.1f} s after the attempt was due")
    return wrong
