"""The power goes at any moment, and the box must come up again as its owner left it."""

from __future__ import annotations

import os
import random

from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import DOWN, UP, Hands, must

chapter = Chapter("power")

CUTS = int(os.environ.get("CUTS", "5"))
LONGEST_S = 10.0
VOLUME = 55
MARKER = "/var/lib/appliance-marker"
_BUSY = "for i in $(seq 200); do dd if=/dev/urandom of=/var/busy bs=64k count=16 conv=fsync 2>/dev/null; done"


@chapter.scenario("power cuts at random busy moments: always boots to a working button, nothing forgotten")
def power_cuts(hands: Hands) -> Figures:
    machine = hands.machine
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    hands.set_volume(VOLUME)
    machine.run(f"date +%s.%N >{MARKER}; sync")
    marker = machine.run(f"cat {MARKER}")
    configuration = machine.run("sha256sum /etc/voiced/voiced.toml")
    cuts: list[float] = []
    while len(cuts) < CUTS:
        wait_s = round(moments.uniform(0.5, LONGEST_S), 1)
        _keep_busy(hands)
        hands.wait(wait_s)
        machine.cut()
        cuts.append(wait_s)
        where = f"after cut {len(cuts)}, {wait_s} s into it, seed {seed}"
        machine.boot()
        hands.await_ready()
        must(machine.run(f"cat {MARKER}") == marker, f"the marker has gone {where}")
        must(
            machine.run("sha256sum /etc/voiced/voiced.toml") == configuration,
            f"another configuration {where}",
        )
        volume = hands.status()["volume"]
        must(volume == VOLUME, f"the volume is {volume} {where}")
        hands.must_listen()
    return {"cuts": len(cuts), "seed": seed, "at_s": " ".join(map(str, cuts))}


def _keep_busy(hands: Hands) -> None:
    """A turn under way, the disk written to, the volume being set."""
    machine = hands.machine
    machine.start(_BUSY)
    machine.start(f"{DOWN}; sleep .4; {hands.playing('flite-slt_cmd00')}; {UP}")
    machine.start(f"for i in {{1..20}}; do voiced ask 'set the volume to {VOLUME} percent'; done")
