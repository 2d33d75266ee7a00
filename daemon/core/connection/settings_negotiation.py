"""Finds the settings that a server accepts: all of them, or as many as a few updates can find out.

A refused part that the error names is left out. Otherwise the parts in doubt are searched by halves: they are
held back, one half of them is sent again, and so on; all others count as good meanwhile. The result is
remembered for the next connection to the same server.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from daemon.core import events as ev
from daemon.core.connection.setting_parts import CORE, about, name_of, named, only, parts
from daemon.core.effects import EffectsBuffer
from daemon.realtime.errors import FATAL, ONE_SESSION
from daemon.realtime.events import ErrorDetail, Json
from daemon.realtime.session_config import differences, essential

MOST_UPDATES = 6
_MOST_TOLD = 300
_OF_NO_PART = FATAL | ONE_SESSION | {"rate_limit_exceeded", "server_error", "session_expired"}
"""Codes of errors that are not about any setting."""


class SettingsOffer(Struct):
    """The settings for one server; `refused` has each part that it was found to refuse, and why.

    `hopeless`: it has refused every update, so that one more refusal would teach nothing.
    """

    session: Json
    refused: dict[str, str] = field(default_factory=dict)
    hopeless: bool = False


class Offers:
    """The settings for each server; a change of the session clears what was learned."""

    def __init__(self, session: Json) -> None:
        self.session = session
        self._places: dict[ev.Place, SettingsOffer] = {}

    def at(self, place: ev.Place) -> SettingsOffer:
        """The settings for this server."""
        return self._places.setdefault(place, SettingsOffer(self.session))

    def change(self, settings: Json) -> Json:
        """Change these settings. Returns the update for a server that has all others."""
        self.session = self.session | settings
        self._places.clear()
        return {"type": self.session["type"]} | settings


class NegotiationPhase(Enum):
    """A negotiation moves from one to the next, never back."""

    NARROWING = "narrowing"  # a refusal is followed by a smaller update
    LAST = "last"  # this update is the last one, whatever the outcome
    OVER = "over"


class SettingsNegotiation:
    """The negotiation on one connection. Each step returns the next update, or None if none is left to try.

    `session` has the settings to be agreed on: all of them, or those that have changed.
    """

    def __init__(self, offer: SettingsOffer, session: Json, effects: EffectsBuffer) -> None:
        self.phase = NegotiationPhase.LAST if offer.hopeless else NegotiationPhase.NARROWING
        self._offer = offer
        self._session = session
        self._effects = effects
        self._all = parts(session)
        self._sent: list[str] = []
        self._kept: list[str] = []
        self._in_use: list[str] = []
        self._doubted: list[str] = []
        self._group = False  # did a refusal name the parts in doubt?
        self.updates = 0
        self._why = ""

    @property
    def over(self) -> bool:
        """Whether nothing is left to try."""
        return self.phase is NegotiationPhase.OVER

    def give_up(self) -> None:
        """The server has not answered an update; a later error is not about it."""
        self.phase = NegotiationPhase.OVER

    @property
    def left_out(self) -> dict[str, str]:
        """The refused settings, which are not in use, by name, and why."""
        refused = self._offer.refused
        if not (self._why or refused):
            return {}
        missing = [part for part in self._all if part not in self._in_use]
        return {name_of(part, self._session): refused.get(part, self._why) for part in missing}

    def named(self, error: ErrorDetail) -> bool:
        """Whether an error names a part of the latest update, though not the update itself."""
        return bool(named(error, self._session, self._sent))

    def begin(self) -> Json | None:
        """The first update: all that is not known to be refused."""
        return self._update([part for part in self._all if part not in self._offer.refused])

    def refused(self, error: ErrorDetail, ours: bool) -> Json | None:
        """The next update after an error that names the latest one (`ours`), a part of it, or nothing."""
        why = " ".join(filter(None, (error.reason, error.param, error.message)))[:_MOST_TOLD]
        blamed = about(error, self._session, self._sent)
        if (ours or blamed) and error.reason not in _OF_NO_PART:
            return self._narrow(blamed, why)
        return self._make_smaller(why)

    def taken(self, session: Json) -> Json | None:
        """The next update after a confirmation, with the `session` as the server describes it, or empty."""
        if session and not differences(self._session, session):
            self._kept = self._in_use = self._all
            self._doubted, self._why = [], ""
            self._offer.refused.clear()
            return self._end()
        if self.over:
            return None
        not_taken = differences(only(self._session, self._sent), session)
        self._kept = self._sent
        self._doubted = [part for part in self._doubted if part not in self._kept]
        following = self._again() if self._doubted else self._end()
        if following is None and not_taken:
            self._tell(f"The server has not taken over these settings of ours: {', '.join(not_taken)}.")
        return following

    def _narrow(self, named: list[str], why: str) -> Json | None:
        """A part of the update is at fault: leave it out, or hold back the parts that may be it."""
        if not self._why:
            self._tell(f"The server refuses the configuration, which is sent again in parts: {why}")
        self._why, self._in_use = why, self._kept
        self._group = len(named) > 1
        if len(named) != 1:
            self._doubted = self._suspects(named or self._sent)
        to_blame = named if len(named) == 1 else self._doubted
        if len(to_blame) == 1:
            self._leave_out(to_blame)
        following = self._end() if self.phase is NegotiationPhase.LAST or not self._sent else self._again()
        self._offer.hopeless = self.over and not self._kept
        return following

    def _make_smaller(self, why: str) -> Json | None:
        """One smaller update, in case the error was about the first."""
        self._why = why
        if self.updates > 1:
            self._in_use = self._kept
            return self._end()
        self._tell(
            "The server refuses the configuration; one with only turns, formats, tools and instructions "
            f"is sent instead: {why}"
        )
        self.phase = NegotiationPhase.LAST
        least = parts(essential(self._session))
        return self._update([part for part in self._sent if part in least])

    def _again(self) -> Json | None:
        """The next half of the parts in doubt, with all others."""
        rest = [part for part in self._all if part not in self._offer.refused]
        held = self._held_back(rest)
        chosen = [part for part in rest if part not in held]
        if self.updates == MOST_UPDATES or chosen == self._kept:
            return self._end()
        return self._update(chosen)

    def _suspects(self, among: list[str]) -> list[str]:
        """The parts in doubt; none if they were not sent this time, as then others are at fault too."""
        if self._doubted:
            return [part for part in self._doubted if part in among]
        return [part for part in among if part not in self._kept]

    def _held_back(self, rest: list[str]) -> list[str]:
        """Half of the parts in doubt; towards the end all of them, since something must be in use at last."""
        doubted, left = self._doubted, MOST_UPDATES - self.updates
        if left == 1 and not self._kept:
            return [part for part in rest if part not in CORE]
        sure = [part for part in rest if part not in doubted]
        if self._group and sure and not self._kept:
            return doubted
        if sure != self._kept and (left == 1 or (left == 2 and not self._kept)):
            return doubted
        core = sum(part in CORE for part in doubted)
        whole = len(doubted) == len(rest)
        return doubted[(len(doubted) + 1) // 2 if whole or core in (0, len(doubted)) else core :]

    def _leave_out(self, refused: list[str]) -> None:
        self._offer.refused |= dict.fromkeys(refused, self._why)
        self._kept = self._in_use = [part for part in self._kept if part not in refused]
        self._doubted = [part for part in self._doubted if part not in refused]

    def _update(self, chosen: list[str]) -> Json:
        self.updates += 1
        self._sent = self._in_use = chosen
        return only(self._session, chosen)

    def _end(self) -> Json | None:
        self.phase = NegotiationPhase.OVER
        if self._kept:
            self._offer.hopeless = False
            self._leave_out(self._doubted)
        if self._why and self.left_out:
            names, why = ", ".join(self.left_out)[:_MOST_TOLD], self._why[: _MOST_TOLD // 3]
            self._tell(f"The server refuses these settings of ours: {names} ({why}).")
        return None

    def _tell(self, message: str) -> None:
        self._effects.do(ev.SettingsRejected(message))
