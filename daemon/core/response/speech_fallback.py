"""Gives a voice to an answer that came in text only.

A session that was sent its history in text tends to answer in text. It is asked once more, for audio; then
the offline TTS reads the text out; if there is none, the server is asked to, outside of the conversation,
where no history misleads it. If all fails, the user is told.
"""

from __future__ import annotations

from daemon.core import events as ev
from daemon.core.history.turn import Remedy, Turn
from daemon.core.response.contents import Contents
from daemon.core.response.current_answer import CurrentAnswer
from daemon.core.response.items import OFFLINE_TTS
from daemon.core.turn.phase import TurnTimer
from daemon.realtime.events import ItemDelete, Json

TTS_S = 15.0
BROKEN = "The connection was lost during the answer; press the button to ask again."
ASKING_AGAIN = "The server answered in text only; asking it again for speech."
NO_ANSWER = "The server gave no answer; press the button to ask again."
UNREAD = "The server answers in text only and no voice can read it out; press the button to ask again."


class SpeechFallback:
    """Tries one remedy after another. Sets the timer `tts`.

    `unread` is the text that the offline TTS is to read out; `begun`: it has begun.
    """

    def __init__(self, answer: CurrentAnswer, contents: Contents) -> None:
        self.unread = ""
        self.begun = False
        self._unsaid = ""
        self._written: list[str] = []
        self._answer = answer
        self._contents = contents

    def needed(self, turn: Turn) -> bool:
        """Whether the turn ended without audio, though it was wanted and nothing else went wrong."""
        silent = turn.times.first_delta_at is None or (bool(turn.written) and not turn.voiced)
        stopped = bool(turn.calls) and all(call.stops for call in turn.calls.values())
        return silent and self._answer.modality == "audio" and not stopped and not turn.trouble

    def remedy(self, turn: Turn, now: float) -> Json | None:
        """The response to request; None if `unread` is to be read out or nothing is left to try."""
        text = self._take_back(turn)
        if turn.source == "say":
            # The text of a `say` is known; another answer would be one to another question.
            text, turn.remedy = turn.text, max(turn.remedy, Remedy.ASKED_AGAIN)
        self._unsaid = text or (self._unsaid if turn.remedy else "")
        turn.remedy = turn.remedy.next
        if turn.remedy is Remedy.ASKED_AGAIN and text:
            self._answer.effects.do(ev.ServerNotice(ASKING_AGAIN))
            self._delete()
            # Not for tool calls: those of this turn have been run.
            return {"output_modalities": ["audio"], "tool_choice": "none"}
        if turn.remedy is Remedy.OFFLINE_VOICE:
            self.unread = self._unsaid
            self._answer.timers.set(TurnTimer.TTS, now + TTS_S)
        else:
            self._give_up(turn)
        return None

    # ------------------------------------------------------------ the offline TTS

    def read(self, item_id: str, delta: bytes, now: float) -> None:
        """Play more of it."""
        turn = self._answer.turn
        if turn is not None and self.unread:
            key = self._answer.items.key(OFFLINE_TTS, item_id, 0, kept=False)
            if len(delta) > 1:
                self._voiced(turn, key, now)
            self._contents.audio(turn, key, delta, now)

    def read_over(self, whole: bool) -> None:
        """The offline TTS is done or has broken off; if it said nothing, it cannot be used."""
        turn = self._answer.turn
        if self.begun:
            self._contents.end(self._answer.items.spoken_of(OFFLINE_TTS))
            self.end()
            if not whole:
                self._answer.fail(BROKEN)
        elif turn is not None and self.unread:
            turn.remedy, self._answer.due = Remedy.RECITED, recital(self.unread)
            self.end()

    def _voiced(self, turn: Turn, key: str, now: float) -> None:
        """The offline TTS reads, as an item of its own, which counts as far as it is heard."""
        self._answer.timers.set(TurnTimer.TTS, now + TTS_S)
        if not self.begun:
            self.begun = True
            turn.replies[key] = self.unread
            self._answer.history.assistant(key, self.unread)

    def end(self) -> None:
        """The reading is over, or will not take place."""
        self.unread, self.begun = "", False
        self._answer.timers.clear(TurnTimer.TTS)

    def interrupt(self) -> None:
        """Read in part: a text cannot be truncated, so it must not stay whole in the server's history."""
        if self.begun:
            self._delete()
        self.end()

    def _give_up(self, turn: Turn) -> None:
        """Report that it was not spoken; a user who reads along has the words at least."""
        if self._unsaid:
            turn.replies[""] = self._unsaid
        turn.trouble = UNREAD if self._unsaid else NO_ANSWER
        self._answer.effects.do(ev.UserAlert(turn.trouble))

    def _take_back(self, turn: Turn) -> str:
        """Items in text only were not heard: correct the history."""
        text = " ".join(filter(None, (turn.replies.pop(key, "") for key in turn.written)))
        for key in turn.written:
            self._answer.history.heard(key, 0, 1)
        self._written, turn.written = list(turn.written), {}
        return text

    def _delete(self) -> None:
        for key in self._written:
            if item_id := self._answer.items.wire_id(key, "spoken"):
                self._answer.effects.send(ItemDelete(item_id=item_id))


def recital(text: str) -> Json:
    """A response outside of the conversation that speaks a text; the offline brain knows the metadata."""
    return {
        "conversation": "none",
        "output_modalities": ["audio"],
        "instructions": "Say the text that follows word for word, and nothing else.",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}],
        "tools": [],
        "metadata": {"purpose": "say"},
    }
