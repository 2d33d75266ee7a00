"""What the appliance tells of itself: by lamps, earcons, the journal, the socket, and to systemd."""

from __future__ import annotations

from collections.abc import Mapping

from daemon import vitals
from daemon.chronicle import Chronicle
from daemon.control import Control
from daemon.core import events as ev
from daemon.core.machine import Machine
from daemon.desk import Desk
from daemon.lanes import SpeakerLane
from daemon.light import Light


class Front:
    """Called on the event loop with every effect that tells somebody something."""

    def __init__(
        self,
        machine: Machine,
        light: Light,
        speaker: SpeakerLane,
        chronicle: Chronicle,
        control: Control,
        desk: Desk,
    ) -> None:
        self._machine = machine
        self._light = light
        self._speaker = speaker
        self._chronicle = chronicle
        self._control = control
        self._desk = desk

    def faults(self, faults: Mapping[str, str]) -> None:
        """All that does not work at the moment, by part, and why."""
        self._light.fault(bool(faults))
        self._chronicle.faults(faults)

    def show(self, effect: ev.Effect) -> None:
        """Tell it to everybody whom it concerns."""
        match effect:
            case ev.StateChanged(state):
                self._light.state(state)
                self._chronicle.muted(self._machine.muted)
                self._tell_status()
                self._control.publish("state", state=state)
            case ev.LinkChanged(link, reason):
                self._light.link(link)
                self._chronicle.connection(link, reason)
                self._tell_status()
                self._control.publish("link", state=link, reason=reason)
            case ev.Words(who, text, whole):
                self._desk.words(self._machine.ticket, who, text)
                self._control.publish(who, **{"text" if whole else "delta": text})
            case ev.ToolReport():
                report = {"call_id": effect.call_id, "name": effect.name, "arguments": effect.arguments}
                self._control.publish("tool", **report, output=effect.output)
            case ev.TurnOver(turn):
                self._chronicle.turn(turn)
                self._control.publish("turn", **turn)
            case ev.LateTokens(tokens):
                self._chronicle.late_tokens(tokens)
            case ev.Earcon(kind):
                self._speaker.chime(kind)
                self._control.publish("earcon", kind=kind)
            case ev.Hush():
                self._speaker.hush()
            case ev.Trouble(message):
                self._light.trouble()
                self._chronicle.trouble(message)
            case ev.Unsettled(message):
                self._chronicle.settings(message)
            case ev.Remark(message):
                self._chronicle.remark(message)

    def _tell_status(self) -> None:
        vitals.notify(f"STATUS={self._machine.state}, connection {self._machine.link}")
