"""`voiced doctor` on a healthy machine and on sick ones, while the service runs and while it does not."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.system.appliance.chapter import Chapter, Figures
from tests.system.appliance.hands import LAMP, Hands, must

chapter = Chapter("doctor")

Finding = dict[str, Any]

UNSET_CLOCK: Final = {"V502", "V503"}
"""True of a machine that has no network: nobody sets its clock."""


@chapter.scenario("doctor: nothing is wrong with a healthy machine while its service runs")
def healthy(hands: Hands) -> Figures:
    hands.await_brain()
    status, findings, facts = _examined(hands)
    wrong = [finding["sentence"] for finding in findings if finding["code"] not in UNSET_CLOCK]
    must(not wrong, " ".join(wrong))
    must(status < 2, f"the exit status is {status}")
    held = [fact for fact in facts.get("sound cards", []) if "held by voiced itself" in fact]
    must(len(held) == 2, f"of the cards it says {facts.get('sound cards')}")
    return {"exit_status": status, "told": " ".join(finding["code"] for finding in findings)}


@chapter.scenario(
    "doctor: a line that somebody else has, and who; said by the service too, and over when he goes"
)
def taken_line(hands: Hands) -> Figures:
    hands.machine.run("systemctl stop voiced")
    rival = hands.background(f"exec /usr/bin/python3 -I /rig/guest/rival.py {LAMP}")
    try:
        hands.wait(3)
        stopped = found(hands, "V404")
        must("rival" in stopped and f"line {LAMP}" in stopped, stopped)
        hands.machine.run("systemctl start voiced", 240)
        hands.await_fault("pins", 60)
        running = found(hands, "V404")
    finally:
        hands.machine.run(f"kill {rival}; systemctl start voiced", 240)
    hands.await_fault(None, 90)
    return {"told": stopped, "told_by_the_service": running}


@chapter.scenario("doctor: a sound card that somebody else has, and who")
def busy_card(hands: Hands) -> Figures:
    hands.machine.run("systemctl stop voiced")
    player = hands.background("exec aplay -q -D hw:CARD=Loopback,DEV=0 -f S16_LE -r 48000 -c 2 /dev/zero")
    try:
        hands.wait(3)
        told = found(hands, "V302")
    finally:
        hands.machine.run(f"kill {player}; systemctl start voiced", 240)
    must("aplay" in told, told)
    return {"told": told}


def found(hands: Hands, code: str) -> str:
    """The sentence of a finding; doctor has to say that the machine is broken. Raises NotHeldError."""
    status, findings, _ = _examined(hands)
    told = {finding["code"]: finding["sentence"] for finding in findings}
    must(code in told, f"no {code}: {told}")
    must(status == 2, f"the exit status is {status}")
    return str(told[code])


def _examined(hands: Hands) -> tuple[int, list[Finding], dict[str, list[str]]]:
    answer = hands.machine.call("voiced doctor --json", 240)
    report = json.loads(answer.output)
    must(answer.status == report["status"], f"exit status {answer.status}, but {report['status']} in JSON")
    return answer.status, report["findings"], report["facts"]
