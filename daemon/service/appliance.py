"""One appliance: builds its parts from the ports, starts them, and stops them, all on one event loop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from daemon.config.model import Config
from daemon.control.handlers import Handlers
from daemon.control.pending_requests import PendingRequests
from daemon.control.server import ControlServer
from daemon.core import events as ev
from daemon.core.machine import Machine
from daemon.service import composition, subscribers, systemd_notify, watchdog
from daemon.service.api import ApplianceApi
from daemon.service.audio_streams import StreamEvents
from daemon.service.board_supervisor import BoardSupervisor
from daemon.service.device_gateway import DeviceGateway
from daemon.service.effect_runner import EffectRunner
from daemon.service.error_isolation import ErrorIsolation
from daemon.service.faults import Faults
from daemon.service.machine_driver import MachineDriver
from daemon.service.notifier import Notifier
from daemon.service.ports import Ports, real_ports
from daemon.service.realtime_link import RealtimeLink
from daemon.service.shutdown import Shutdown
from daemon.service.sound import Sound
from daemon.service.state_store import StateStore
from daemon.service.status_led import StatusLed
from daemon.service.task_supervisor import TaskSupervisor
from daemon.service.wake_word import WakeWord
from daemon.telemetry import journal
from daemon.telemetry.event_log import EventLog, served
from daemon.telemetry.notifications import BoardOpened, Loss, ServiceReady, ServiceStopping
from daemon.telemetry.wire_log import WireLog
from daemon.text.printable import complain

log = logging.getLogger("voiced")


class Appliance:
    """`run` returns after SIGTERM or SIGINT, with every output in its safe state.

    To follow its events, subscribe to `notifier` before it runs.
    """

    def __init__(
        self, config: Config, ports: Ports | None = None, on_signal: Callable[[], None] = lambda: None
    ) -> None:
        ports = real_ports(config) if ports is None else ports
        runtime = Path(config.control.socket).parent
        self._on_signal = on_signal
        self.isolation = ErrorIsolation()
        self.notifier = Notifier(self.isolation)
        self.requests = PendingRequests()
        self._tasks = TaskSupervisor()
        self._driver = driver = MachineDriver(self.notifier, self.isolation, ports.clock)
        self._store = StateStore(Path(config.state.directory), runtime, self._tasks.spawn)
        events = _on_loop(driver, self.notifier.publish, self._playback_drained, self._fault_changed)
        config, echo = composition.echo_path(config, ports.clock)
        self._sound = Sound(ports.sound, events, config.sound.filter, echo, composition.voice_gate(config))
        self._board = BoardSupervisor(
            ports.board,
            lambda pressed: driver.post(ev.ButtonEdge(pressed, ports.clock())),
            lambda: self.notifier.publish(BoardOpened()),
            lambda: driver.call(self._fault_changed),
            self._tasks.spawn,
        )
        self._extensions = composition.extensions(config, ports.tools, self._tools_changed)
        self.faults = Faults(self._sound, self._board, self._extensions, driver)
        devices = DeviceGateway(config, self._board, driver, self.requests, self.notifier, self.isolation)
        counts = subscribers.Counts(self.notifier)

        def engine() -> str:
            return self.link.engine or config.brain.engine

        self.api = ApplianceApi(
            driver, devices, self._sound, self._store, self.faults, counts, self._extensions.status, engine
        )
        self._toolbox = composition.toolbox(config, self.api, self._extensions)
        self.machine: Machine = composition.machine(config, self._toolbox.schemas())
        self._wire_log = WireLog(config.debug.wire_log)
        self.link = RealtimeLink(
            composition.endpoints(config, self.notifier.publish),
            driver.happened,
            self._wire_log,
            ports.transport,
            lambda frame: self.notifier.publish(Loss("unknown_event" if frame.type else "undecodable_frame")),
        )
        runner = EffectRunner(
            driver,
            self.link,
            self._sound,
            devices,
            self._store,
            self.requests,
            self._toolbox,
            self.faults,
            self.notifier,
            self._tasks,
        )
        driver.attach(self.machine, runner.run)
        handlers = Handlers(self.api, self.requests, ports.clock)
        self._control = ControlServer(config.control.socket, handlers.handle, ports.clock)
        self._subscribe(config, ports.clock, devices, handlers, runtime / "safe.json")

    def _subscribe(
        self,
        config: Config,
        clock: Callable[[], float],
        devices: DeviceGateway,
        handlers: Handlers,
        safe_plan: Path,
    ) -> None:
        """Add the subscribers, last those that carry events out of the process."""
        subscribers.board(self.notifier, self._board, devices, safe_plan)
        subscribers.status_led(self.notifier, StatusLed(devices.light, clock))
        subscribers.wake_word(
            self.notifier,
            WakeWord(config, self._sound, self.notifier.publish, self.faults),
            self._tasks.spawn,
        )
        subscribers.typed_questions(self.notifier, handlers, self.machine)
        event_log = EventLog(
            lambda link: served(config, link, self.link.engine),
            config.log.transcripts,
            self._driver.later,
            clock,
        )
        subscribers.journal(self.notifier, event_log, self.machine)
        subscribers.watchers(self.notifier, self._control.publish)
        subscribers.systemd(self.notifier, self.machine)

    async def run(self) -> None:
        """Serve until told to stop."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopping, stop)
        try:
            await self._start()
            await stop.wait()
        finally:
            self.notifier.publish(ServiceStopping())
            await self._stop()

    def _stopping(self, stop: asyncio.Event) -> None:
        self._on_signal()
        stop.set()

    async def _start(self) -> None:
        self._driver.open()
        await self._board.open()
        self._tasks.spawn(self._sound.open(), "sound")
        self._sound.playback.set_gain(self.api.volume / 100)
        self._recall_conversation()
        if self._store.preferences.muted:
            self._driver.happened(ev.MuteAsked(True))
        await self._control.open()
        self.api.usage.ready()
        self.notifier.publish(ServiceReady(self.api.usage.ready_ms))
        # Last: the first connection may start the brain, which would compete with all of the above.
        self._driver.happened(ev.Start())
        self._extensions.open()
        self._start_watchdog()

    async def _stop(self) -> None:
        """First stop everything that sets outputs, then make them safe, then end the rest at once."""
        self._tasks.cancel()
        self._driver.close()
        with self.isolation.guard("closing the board"):
            await self._board.close()
        with self.isolation.guard("closing the control socket"):
            await self._control.close()
        ends = {
            "the connections": self.link.aclose(),
            "the owner's tools": self._extensions.aclose(),
            "the conversation": self._store.aclose(self.machine.history.news()),
            "the sound": self._sound.close(),
        }
        await asyncio.gather(*(self._end(what, work) for what, work in ends.items()))
        self._wire_log.close()

    async def _end(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        with self.isolation.guard(f"closing {what}"):
            await work

    def _recall_conversation(self) -> None:
        """Continue the conversation of an earlier process; a damaged file counts as none."""
        kept = self._store.conversation()
        if kept and not self.machine.recall(kept):
            log.warning("The conversation before the restart cannot be read; this one begins anew.")
        if kept:
            self._store.replace(self.machine.history.whole())

    def _start_watchdog(self) -> None:
        interval_s = systemd_notify.watchdog_interval_s()
        if interval_s is not None:
            parts = {**self._sound.progress(), "connection": self._connection_attended}
            self._tasks.spawn(watchdog.feed(parts, interval_s), "watchdog")

    def _connection_attended(self) -> bool:
        """Whether the connection is attended to: the link is at work, or a timer is set for an attempt."""
        if self.machine.link in ("waiting", "refused"):
            return self._driver.waits
        return self.link.at_work

    # ------------------------------------------------------------ reports of the parts

    def _playback_drained(self) -> None:
        drained = self._sound.playback.drained()
        if drained is not None:
            self._driver.happened(drained)

    def _fault_changed(self) -> None:
        """A part has failed or works again."""
        self.notifier.publish(self.faults.all())
        if self._sound.faults()["microphone"] and self.machine.state == "listening":
            self._driver.happened(ev.MicrophoneUnavailable())

    def _tools_changed(self) -> None:
        """The owner's tools or their faults have changed."""
        self.notifier.publish(self.faults.all())
        self._driver.happened(ev.ToolsKnown(self._toolbox.schemas()))


def _on_loop(
    driver: MachineDriver,
    publish: Callable[[Loss], None],
    drained: Callable[[], None],
    fault_changed: Callable[[], None],
) -> StreamEvents:
    """What the sound threads tell, brought to the event loop."""
    return StreamEvents(
        driver.post,
        lambda: driver.call(drained),
        lambda: driver.call(fault_changed),
        lambda kind: driver.call(publish, Loss(kind)),
        driver.clock,
    )


def run(config: Config) -> int:
    """Serve until SIGTERM; the exit status."""
    systemd_notify.keep_memory_private()
    leaving = Shutdown()
    journal.open_log()
    try:
        asyncio.run(Appliance(config, on_signal=leaving.soon).run())
        leaving.status = 0
    except OSError as error:
        complain(f"voiced: {error}")
        leaving.status = 2
    return leaving.status
