"""The answer to the present turn, and what the parts of the controller share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from daemon.core import events as ev
from daemon.core.effects import EffectsBuffer
from daemon.core.history.history import History
from daemon.core.history.turn import Turn
from daemon.core.response.items import Items
from daemon.core.response.tracker import ResponseTracker
from daemon.core.timers import Timers
from daemon.core.turn.phase import TurnTimer
from daemon.realtime.events import Json


@dataclass(eq=False)
class CurrentAnswer:
    """`turn` is None while nothing is being answered.

    `due` is the response to request once the server is free; `playing`: the speaker has some of the answer.
    """

    modality: Literal["audio", "text"]
    effects: EffectsBuffer
    timers: Timers[TurnTimer]
    history: History
    turn: Turn | None = None
    due: Json | None = None
    playing: bool = False
    items: Items = field(init=False)
    responses: ResponseTracker = field(init=False)

    def __post_init__(self) -> None:
        self.items, self.responses = Items(self.effects.keys), ResponseTracker(self.effects.keys)

    def take(self, turn: Turn, now: float, keep_items: bool = False) -> None:
        """Answer this turn from now on. `keep_items`: the speaker has yet to report on those before."""
        if not keep_items:
            self.items.forget()
        self.turn, turn.times.committed_at = turn, now

    def plain(self) -> Json:
        """The response that is usually requested."""
        # Sent each time: a session that was seeded with text tends to answer in text.
        return {"output_modalities": [self.modality]}

    def fail(self, reason: str) -> None:
        """The answer fails, or breaks off."""
        if self.turn is not None:
            self.turn.trouble = reason
        unasked = self.turn is not None and self.turn.unasked
        self.effects.do(ev.ServerNotice(reason) if unasked else ev.UserAlert(reason))
