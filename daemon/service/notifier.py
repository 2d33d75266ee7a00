"""What the appliance tells of itself: by lamps, earcons, the journal, the socket, and to systemd."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.control.handlers import Handlers
from daemon.control.server import ControlServer
from daemon.core import events as ev
from daemon.core.machine import Machine
from daemon.service import systemd_notify
from daemon.service.audio_streams import PlaybackStream
from daemon.service.careful import Careful
from daemon.service.status_led import StatusLed
from daemon.telemetry.event_log import EventLog


class Notifier:
    """Called on the event loop with every effect that tells somebody something."""

    def __init__(
        self,
        machine: Machine,
        light: StatusLed,
        speaker: PlaybackStream,
        chronicle: EventLog,
        control: ControlServer,
        desk: Handlers,
        careful: Careful,
    ) -> None:
        self._machine = machine
        self._light = light
        self._speaker = speaker
        self._chronicle = chronicle
        self._control = control
        self._desk = desk
        self._careful = careful

    def faults(self, parts: Mapping[str, str], offered: Mapping[str, str]) -> None:
        """All that does not work at the moment, and why; the lamps leave out what the owner has `offered`."""
        self._careful.do("the lamp", self._light.fault, bool(parts))
        self._careful.do("the record", self._chronicle.faults, {**parts, **offered})

    def show(self, effect: ev.Effect) -> None:
        """Tell it to everybody whom it concerns; who cannot be told keeps nobody else from it."""
        name = type(effect).__name__
        self._careful.do(f"the sound of {name}", self._sound, effect)
        self._careful.do(f"the lamp of {name}", self._shine, effect)
        self._careful.do(f"the record of {name}", self._record, effect)
        self._careful.do(f"publishing {name}", self._publish, effect)
        self._careful.do(f"the status of {name}", self._tell_status, effect)

    def _sound(self, effect: ev.Effect) -> None:
        match effect:
            case ev.Earcon(kind):
                self._speaker.chime(kind)
            case ev.StopEarcon():
                self._speaker.hush()

    def _shine(self, effect: ev.Effect) -> None:
        match effect:
            case ev.StateChanged(state):
                self._light.state(state)
            case ev.LinkChanged(link):
                self._light.link(link)
            case ev.UserAlert():
                self._light.trouble()

    def _record(self, effect: ev.Effect) -> None:
        match effect:
            case ev.StateChanged():
                self._chronicle.muted(self._machine.muted)
            case ev.LinkChanged(link, reason):
                self._chronicle.connection(link, reason)
            case ev.TurnOver(turn):
                self._chronicle.turn(turn)
            case ev.LateTokens(tokens):
                self._chronicle.late_tokens(tokens)
            case ev.UserAlert(message):
                self._chronicle.trouble(message)
            case ev.SettingsRejected(message):
                self._chronicle.settings(message)
            case ev.ServerNotice(message):
                self._chronicle.remark(message)

    def _publish(self, effect: ev.Effect) -> None:
        match effect:
            case ev.StateChanged(state):
                self._control.publish("state", state=state)
            case ev.LinkChanged(link, reason):
                self._control.publish("link", state=link, reason=reason)
            case ev.Words(who, text, whole):
                self._desk.words(self._machine.ticket, who, text)
                self._control.publish(who, **{"text" if whole else "delta": text})
            case ev.ToolReport():
                report = {"call_id": effect.key, "name": effect.name, "arguments": effect.arguments}
                self._control.publish("tool", **report, output=effect.output)
            case ev.TurnOver(turn):
                self._control.publish("turn", **turn)
            case ev.Earcon(kind):
                self._control.publish("earcon", kind=kind)

    def _tell_status(self, effect: ev.Effect) -> None:
        if isinstance(effect, ev.StateChanged | ev.LinkChanged):
            systemd_notify.notify(f"STATUS={self._machine.state}, connection {self._machine.link}")
