"""Carries out the effects of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from daemon.control.pending_requests import PendingRequests
from daemon.core import events as ev
from daemon.devices.requests import WriteOutput
from daemon.service.device_gateway import DeviceGateway
from daemon.service.faults import Faults
from daemon.service.machine_driver import MachineDriver
from daemon.service.notifier import Notifier
from daemon.service.realtime_link import RealtimeLink
from daemon.service.sound import Sound
from daemon.service.state_store import StateStore
from daemon.service.task_supervisor import TaskSupervisor
from daemon.telemetry.notifications import ToolFinished
from daemon.tools.toolbox import Toolbox


@dataclass(eq=False)
class EffectRunner:
    """Has a case for each kind of effect: mypy reports an error while one is missing.

    Every effect was published before it comes here, so those that only inform need nothing more.
    """

    _driver: MachineDriver
    _link: RealtimeLink
    _sound: Sound
    _devices: DeviceGateway
    _store: StateStore
    _requests: PendingRequests
    _toolbox: Toolbox
    _faults: Faults
    _notifier: Notifier
    _tasks: TaskSupervisor

    def run(self, effect: ev.Effect) -> None:
        """Carry out an effect. May raise anything; the driver handles that."""
        match effect:
            case ev.Send(event, conn):
                self._link.send(conn, event)
            case ev.Play(item_id, pcm):
                self._sound.playback.play(item_id, pcm)
            case ev.PlayEnd(item_id):
                self._sound.playback.end(item_id)
            case ev.StopPlayback():
                self._sound.playback.stop()
            case ev.Earcon(kind):
                self._sound.playback.play_earcon(kind)
            case ev.StopEarcon():
                self._sound.playback.stop_earcon()
            case ev.SetCapture(on):
                self._sound.capture(on)
            case ev.Connect(conn, place):
                self._link.open(conn, place)
            case ev.Disconnect(conn):
                self._link.close(conn)
            case ev.Probe(conn):
                self._link.probe(conn)
            case WriteOutput():
                self._devices.change(effect)
            case ev.DeviceAnswered(request_id, answer):
                self._requests.resolve(request_id, answer)
            case ev.RunTool(key, name, arguments):
                self._tasks.spawn(self._run_tool(key, name, arguments), f"tool-{name}")
            case ev.Remember(entries):
                self._store.append(entries, self._driver.machine.history.whole)
            case ev.HistoryCleared():
                self._store.replace([])
            case ev.StateChanged():
                self._store.prefer(muted=self._driver.machine.muted)
            case ev.TurnOver(turn, request_id):
                self._requests.resolve(request_id, turn)
            case ev.ButtonStuck(stuck):
                self._faults.button_stuck = stuck
                self._notifier.publish(self._faults.all())
            case ev.LinkChanged() | ev.SettingsRejected():
                self._notifier.publish(self._faults.all())
            case ev.Words() | ev.ToolReport() | ev.LateTokens() | ev.UserAlert() | ev.ServerNotice():
                pass  # the subscribers have it
            case ev.HandsFreeChanged() | ev.MuteChanged():
                pass  # they have this, too
            case _:
                assert_never(effect)

    async def _run_tool(self, key: str, name: str, arguments: str) -> None:
        await self._store.settled()  # stored first, so that after a crash it is known that it was called
        began = self._driver.clock()
        output = await self._toolbox.call(name, arguments)
        took_ms = (self._driver.clock() - began) * 1000
        self._notifier.publish(ToolFinished(name, took_ms, arguments, output))
        self._driver.happened(ev.ToolDone(key, output))
