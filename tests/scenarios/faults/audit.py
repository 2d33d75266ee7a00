"""The promises, checked on one run: what the brain received, what the outputs did, what was shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from daemon.core.connection.backoff import HASTE_S
from daemon.core.feedback.status_led import frame
from tests.scenarios.faults.house import Utterance
from tests.scenarios.faults.network import AWAY
from tests.scenarios.faults.story import SCRIPT, TEXT, Run

LOST_WORD_S = 0.1
CONNECTS_A_MINUTE = 10
WANTED_A_MINUTE = 60 / HASTE_S
BACK_WITHIN_S = 6.0
"""So soon after a server is back and stays, whoever still waits has an answer."""
LONGEST_PAUSE_S = 60.0
PATIENCE_S = 20.0
"""Who has waited for so long, in the dark, and speaks anew does not want the old question answered."""
TOLD_WITHIN_S = 65.0
"""The longest detection (a silent link, 40 s), the wait for a server (20 s), and the 2 s to tell it."""


def violations(run: Run) -> list[str]:
    """Every broken promise, in words; none is what we want."""
    checks = (_utterances, _effects, _failures, _view, _idle, _attempts, _promptness, _leftovers)
    return [complaint for check in checks for complaint in check(run)]


def outcome(run: Run, utterance: Utterance) -> str:
    """What became of an utterance: answered, told, lost, or withdrawn by who waited long and spoke anew."""
    turn = _turn_of(run, utterance)
    if turn is not None and turn["interrupted"] and not turn["heard_ms"] and not _heard(run, utterance):
        return "withdrawn" if _waited_s(run, utterance) > PATIENCE_S else "lost"
    if turn is not None and not turn["trouble"] and (turn["heard_ms"] or turn["interrupted"]):
        whole = any(
            number == utterance.number and seconds >= utterance.seconds - LOST_WORD_S
            for number, seconds in run.ear.heard
        )
        return "answered" if whole else "clipped"
    end = utterance.pressed_at + TOLD_WITHIN_S
    told = any(utterance.pressed_at <= at <= end for at, _ in run.house.troubles)
    return "told" if told else "lost"


def _heard(run: Run, utterance: Utterance) -> bool:
    return any(number == utterance.number for number, _ in run.ear.heard)


def _waited_s(run: Run, utterance: Utterance) -> float:
    """How long it was until the next press."""
    later = [each.pressed_at for each in run.said if each.pressed_at > utterance.pressed_at]
    return min(later, default=float("inf")) - utterance.released_at


def recovery_s(run: Run) -> float:
    """From the first fault to the next time that the appliance stood idle with a connection."""
    if not run.network.struck:
        return 0.0
    struck_at = run.network.struck[0][0]
    state, link = "idle", "ready"
    for at, name, fields in run.house.record:
        state = fields["state"] if name == "state" else state
        link = fields["state"] if name == "link" else link
        if at > struck_at and state == "idle" and link == "ready":
            return at - struck_at
    return run.ended_at - struck_at


def _turn_of(run: Run, utterance: Utterance) -> dict[str, Any] | None:
    """Spoken turns are numbered in the order of their presses."""
    spoken = [(at, turn) for at, turn in run.house.of("turn") if turn["source"] == "button"]
    spoken.sort(key=lambda each: each[1]["number"])
    index = run.said.index(utterance)
    return spoken[index][1] if index < len(spoken) else None


def _utterances(run: Run) -> Iterator[str]:
    for utterance in run.said:
        became = outcome(run, utterance)
        if became in ("lost", "clipped"):
            yield f"utterance {utterance.number} ({utterance.text!r}) was {became}"


def _effects(run: Run) -> Iterator[str]:
    calls = Counter((call["name"], call["arguments"]) for _, call in run.house.of("tool"))
    for (name, arguments), times in calls.items():
        if times > 1:
            yield f"{name} {arguments} ran {times} times"
    happened = {call["output"] for _, call in run.house.of("tool")}
    for role, output in run.last_items:
        if role == "function_call_output" and output not in happened and not output.startswith("Error"):
            yield f"the model was told {output!r}, which did not happen"


def _failures(run: Run) -> Iterator[str]:
    """The service goes on without an effect that fails; here each must come about."""
    yield from sorted(run.house.failed)


def _view(run: Run) -> Iterator[str]:
    """The live session knows what was said and heard, in order, and nothing that was not heard."""
    if not run.last_items:
        return
    known = [text for role, text in run.last_items if role == "user" and text]
    answered = [each.text for each in run.said if outcome(run, each) == "answered"]
    order = [text for text in known if text in answered]
    if order != [text for text in answered if text in order]:
        yield f"the session has the wrong order: {known}"
    for text in answered:
        if text not in known and ("user", "") not in run.last_items:
            yield f"the session does not know that {text!r} was said"
        if known.count(text) > 1:
            yield f"the session has {text!r} {known.count(text)} times"
    for _, turn in run.house.of("turn"):
        unheard = turn["interrupted"] and turn["reply"] and turn["heard_ms"] < 3000
        if unheard and ("assistant", turn["reply"]) in run.last_items:
            yield f"the session believes that this was heard: {turn['reply'][:40]!r}"


def _idle(run: Run) -> Iterator[str]:
    states = [fields["state"] for _, fields in run.house.of("state")]
    if states and states[-1] != "idle":
        yield f"stuck in the state {states[-1]}"
    shown: list[list[float]] = []
    for at, fields in run.house.of("lamp"):
        if at > run.ended_at:
            break
        shown = [*shown[-1:], fields["colour"]]
    calm = [[round(part, 3) for part in frame("idle", t)] for t in (0.0, 1.0)]
    if run.lines_left and any(each not in calm for each in shown) and run.house.machine.link == "ready":
        yield f"the lamp shows {shown} while nothing is going on"
    listening = [at for at, fields in run.house.of("state") if fields["state"] == "listening"]
    if len(listening) < len(run.said):
        yield "the microphone lamp did not light for every press"


def _attempts(run: Run) -> Iterator[str]:
    presses = [each.pressed_at for each in run.said]
    yield from too_many(run.house.dials, run.house.wanted_dials, presses)
    fatal = any(
        fault.kind in ("401", "403", "404", "insufficient_quota", "close_3000", "close_4000")
        for _, fault in run.network.struck
    )
    if not fatal and not run.lines_left and run.ended_at - max(run.network.dials) > LONGEST_PAUSE_S:
        yield "no attempt to connect for a minute"


def too_many(dials: list[float], wanted: list[float], presses: list[float]) -> Iterator[str]:
    """More attempts to connect in a minute than there may be: for nobody, or for somebody who waits."""
    free = [at for at in dials if not any(0 <= at - press < 1.0 for press in presses)]
    if (first := _minute_with_more(free, lambda _: CONNECTS_A_MINUTE)) is not None:
        yield f"too many attempts for nobody in the minute after {first:.0f} s"
    allowed = CONNECTS_A_MINUTE + WANTED_A_MINUTE
    if (first := _minute_with_more(wanted, lambda at: allowed + _within(presses, at))) is not None:
        yield f"too many attempts for somebody in the minute after {first:.0f} s"


def _minute_with_more(times: list[float], allowed: Callable[[float], float]) -> float | None:
    return next((first for first in times if _within(times, first) > allowed(first)), None)


def _within(times: list[float], first: float) -> int:
    return sum(first <= at < first + 60.0 for at in times)


def _promptness(run: Run) -> Iterator[str]:
    """Whoever waits when a server comes back to stay has an answer soon."""
    back_at = run.network.back_at
    if back_at is None or run.network.struck[-1][1].kind not in AWAY:
        return
    for utterance in run.said:
        since = max(back_at, utterance.released_at)
        if utterance.pressed_at < back_at and _first_sign(run, utterance) > since + BACK_WITHIN_S:
            yield f"the server was back, and {utterance.text!r} had no answer in {BACK_WITHIN_S:.0f} s"


def _first_sign(run: Run, utterance: Utterance) -> float:
    """When there was something to be heard of the answer, or the turn was over."""
    spoken = (at for at, fields in run.house.of("state") if fields["state"] == "speaking")
    over = (at for at, turn in run.house.of("turn") if turn is _turn_of(run, utterance))
    return min((at for at in (*spoken, *over) if at > utterance.released_at), default=run.ended_at)


def _leftovers(run: Run) -> Iterator[str]:
    if run.tasks_left > 0:
        yield f"{run.tasks_left} tasks left behind"
    if run.lines_left > 1:
        yield f"{run.lines_left} connections open at the end"


__all__ = ["SCRIPT", "TEXT", "outcome", "recovery_s", "violations"]
