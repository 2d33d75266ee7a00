"""The subscribers of the event stream: outputs, status lamp, journal, control socket, systemd, counters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from daemon.control.handlers import Handlers
from daemon.core import events as ev
from daemon.core.machine import Machine
from daemon.service import systemd_notify
from daemon.service.board_supervisor import BoardSupervisor, Spawn
from daemon.service.device_gateway import DeviceGateway
from daemon.service.notifier import Notifier
from daemon.service.status_led import StatusLed
from daemon.service.wake_word import WakeWord
from daemon.telemetry import notifications as note
from daemon.telemetry.event_log import EventLog


class Counts:
    """Counts losses since the start."""

    def __init__(self, notifier: Notifier) -> None:
        self.xruns = {"overrun": 0, "underrun": 0}
        """Xruns of the sound cards."""
        self.losses = dict.fromkeys(get_args(note.LossKind), 0)
        """See `Loss`."""
        notifier.subscribe("the count", ev.Xrun, self._xrun)
        notifier.subscribe("the count", note.Loss, self._loss)

    def _xrun(self, event: ev.Xrun) -> None:
        self.xruns[event.kind] += 1

    def _loss(self, event: note.Loss) -> None:
        self.losses[event.kind] += 1


def board(to: Notifier, supervisor: BoardSupervisor, devices: DeviceGateway, safe_plan: Path) -> None:
    """A board that is back gets the outputs' values, and a new safe plan."""
    to.subscribe("the safe plan", note.BoardOpened, lambda _: supervisor.write_safe_plan(safe_plan))
    to.subscribe("the outputs", note.BoardOpened, lambda _: devices.restore())


def status_led(to: Notifier, led: StatusLed) -> None:
    """Shows state, connection, alerts and faults."""
    to.subscribe("the lamp", note.BoardOpened, lambda event: led.redraw())
    to.subscribe("the lamp", ev.StateChanged, lambda event: led.state(event.state))
    to.subscribe("the lamp", ev.SetCapture, lambda event: led.microphone(event.on))
    to.subscribe("the lamp", ev.LinkChanged, lambda event: led.link(event.link))
    to.subscribe("the lamp", note.StandbyChanged, lambda event: led.stand_by(event.on))
    to.subscribe("the lamp", ev.UserAlert, lambda event: led.alert())
    # Tools and settings that cannot be used are no fault of the appliance.
    to.subscribe("the lamp", note.FaultsChanged, lambda event: led.fault(bool(event.parts)))


def journal(to: Notifier, log: EventLog, machine: Machine) -> None:
    """Records events in the journal."""
    conditions = log.conditions
    to.subscribe("the record", note.ServiceReady, lambda event: log.ready(event.start_ms))
    to.subscribe("the record", note.ServiceStopping, lambda event: log.stopping())
    to.subscribe("the record", note.KeyChecked, lambda event: log.key(event.trouble))
    to.subscribe("the record", ev.StateChanged, lambda event: log.muted(machine.muted))
    to.subscribe("the record", ev.LinkChanged, lambda event: log.connection(event.link, event.reason))
    to.subscribe("the record", ev.Disconnect, lambda event: log.leaving(event.why))
    to.subscribe("the record", ev.TurnOver, lambda event: log.turn(event.turn))
    to.subscribe("the record", ev.LateTokens, lambda event: log.late_tokens(event.tokens))
    to.subscribe("the record", ev.UserAlert, lambda event: log.alert(event.message))
    to.subscribe("the record", ev.SettingsRejected, lambda event: log.settings(event.message))
    to.subscribe("the record", ev.ServerNotice, lambda event: conditions.server_notice(event.message))
    to.subscribe("the record", ev.Xrun, lambda event: conditions.xrun(event.kind))
    to.subscribe("the record", note.Loss, lambda event: conditions.loss(event.kind))
    to.subscribe("the record", note.DeviceChanged, lambda event: conditions.device(event.name, event.value))
    to.subscribe("the record", note.FaultsChanged, lambda e: conditions.faults({**e.parts, **e.offered}))
    to.subscribe(
        "the record",
        note.ToolFinished,
        lambda event: log.tool(event.name, event.took_ms, event.arguments, event.output),
    )


def wake_word(to: Notifier, word: WakeWord, spawn: Spawn) -> None:
    """It is listened for once all else is up, unless the microphone is muted."""
    to.subscribe("the wake word", note.ServiceReady, lambda _: spawn(word.open(), "wake word"))
    to.subscribe("the wake word", ev.MuteChanged, lambda event: word.stand_by(not event.muted))


def typed_questions(to: Notifier, handlers: Handlers, machine: Machine) -> None:
    """Sends the words of an answer, as they come, to the client that typed the question."""
    to.subscribe(
        "the words", ev.Words, lambda event: handlers.words(machine.request_id, event.who, event.text)
    )


def watchers(to: Notifier, publish: Callable[..., object]) -> None:
    """Passes events to watchers: `publish` gets each event's name and fields, as `voiced watch` has them."""

    def words(event: ev.Words) -> None:
        publish(event.who, **{"text" if event.whole else "delta": event.text})

    def tool(event: ev.ToolReport) -> None:
        report = {"call_id": event.key, "name": event.name, "arguments": event.arguments}
        publish("tool", **report, output=event.output)

    def lamp(event: note.LampWritten) -> None:
        publish("lamp", name=event.name, colour=[round(part, 3) for part in event.colour])

    def pass_on(kind: type[Any], name: str, *fields: str) -> None:
        to.subscribe("publishing", kind, lambda e: publish(name, **{f: getattr(e, f) for f in fields}))

    pass_on(ev.ButtonEdge, "button", "pressed")
    pass_on(ev.StateChanged, "state", "state")
    pass_on(ev.HandsFreeChanged, "open", "open", "why")
    pass_on(ev.Earcon, "earcon", "kind")
    pass_on(note.StandbyChanged, "standby", "on")
    pass_on(note.DeviceWritten, "device", "name", "value")
    to.subscribe("publishing", ev.LinkChanged, lambda e: publish("link", state=e.link, reason=e.reason))
    to.subscribe("publishing", ev.TurnOver, lambda event: publish("turn", **event.turn))
    to.subscribe("publishing", ev.Words, words)
    to.subscribe("publishing", ev.ToolReport, tool)
    to.subscribe("publishing", note.LampWritten, lamp)


def systemd(to: Notifier, machine: Machine) -> None:
    """READY, STOPPING, and a status for `systemctl status`."""

    def status(_: object) -> None:
        systemd_notify.notify(f"STATUS={machine.state}, connection {machine.link}")

    to.subscribe("the status", ev.StateChanged, status)
    to.subscribe("the status", ev.LinkChanged, status)
    to.subscribe("telling systemd", note.ServiceReady, lambda event: systemd_notify.notify("READY=1"))
    to.subscribe("telling systemd", note.ServiceStopping, lambda event: systemd_notify.notify("STOPPING=1"))
