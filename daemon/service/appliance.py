"""The shell: builds the parts, steps the machine, carries out its effects, all on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from daemon import __version__
from daemon.config.model import Config
from daemon.control.handlers import Handlers
from daemon.control.pending_requests import PendingRequests
from daemon.control.server import ControlServer
from daemon.core import events as ev
from daemon.devices import inventory
from daemon.devices.requests import DeviceAnswer, Request, WriteOutput
from daemon.network.credentials import find_key, keyless, wants_key
from daemon.network.endpoint import Endpoint, brain_endpoint, endpoint
from daemon.realtime.errors import told
from daemon.realtime.events import Json
from daemon.service import composition, systemd_notify, watchdog
from daemon.service.board_supervisor import NO_PINS, BoardSupervisor
from daemon.service.careful import Careful
from daemon.service.notifier import Notifier
from daemon.service.realtime_link import RealtimeLink
from daemon.service.shutdown import Shutdown
from daemon.service.sound import Sound
from daemon.service.state_store import StateStore
from daemon.service.status_led import StatusLed
from daemon.telemetry import journal
from daemon.telemetry.event_log import EventLog, served
from daemon.telemetry.wire_log import WireLog
from daemon.text.printable import complain
from hardware.ports import HardwareError, PinError, Reading

log = logging.getLogger("voiced")

NO_KEY = "There is no key for the cloud: the offline brain answers. `sudo voiced setup` stores a key."
REFUSED = "There is no key, and the cloud will refuse us: `sudo voiced setup` stores one."
STUCK = "The button is stuck: free it, or look for a short circuit in its wires."


class Appliance:
    """One appliance. `run` returns after SIGTERM or SIGINT, with every output in its safe state."""

    def __init__(self, config: Config, told_to_stop: Callable[[], None] = lambda: None) -> None:
        self.config = config
        self._told_to_stop = told_to_stop
        self.process = systemd_notify.ProcessUsage()
        self.names = inventory.names(config.devices)
        self.tickets = PendingRequests()
        self._runtime = Path(config.control.socket).parent
        self._memory = StateStore(Path(config.state.directory), self._runtime, self.spawn)
        self.xruns = {"overrun": 0, "underrun": 0}
        self.careful = Careful()
        self._sensors = inventory.sensors(config.devices)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pin_fault = ""
        self._stuck = False
        self._chronicle = EventLog(lambda link: served(config, link), config.log.transcripts, self._later)
        self._wire = WireLog(config.debug.wire_log)
        self._link = RealtimeLink(self._endpoint, self.happened, self._wire)
        self._desk = Handlers(self, self.tickets)
        self.control = ControlServer(config.control.socket, self._desk.handle)
        self.extensions = composition.extensions(config, self._extended)
        self._toolbox = composition.toolbox(config, self, self.extensions)
        self.machine = composition.machine(config, self._toolbox.schemas())
        self.sound = Sound(config.sound, self.tell, self._notice)
        self._pins = BoardSupervisor(config, self._edge, self._board_opened, self._notice, self.spawn)
        self._light = StatusLed(self._lamp)
        shown = (self._light, self.sound.speaker_lane, self._chronicle, self.control, self._desk)
        self._front = Notifier(self.machine, *shown, self.careful)
        self._timer: asyncio.TimerHandle | None = None

    def _endpoint(self, place: ev.Place) -> Endpoint:
        if place == "brain":
            return brain_endpoint(self.config.brain)
        self._look_at_key()
        return endpoint(self.config)

    def _look_at_key(self) -> None:
        """Its file may have changed since the last connection."""
        key, trouble = find_key(self.config)
        if not key and wants_key(self.config):
            trouble = " ".join(filter(None, (trouble, NO_KEY if keyless(self.config) else REFUSED)))
        self._chronicle.key("" if self.config.realtime.server.is_brain else trouble)

    # ------------------------------------------------------------ life

    async def run(self) -> None:
        """Serve until told to stop."""
        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stopping, stop)
        try:
            await self._start()
            await stop.wait()
        finally:
            self.careful.do("telling systemd", systemd_notify.notify, "STOPPING=1")
            self.careful.do("the record of the end", self._chronicle.stopping)
            await self._stop()

    def _stopping(self, stop: asyncio.Event) -> None:
        self._told_to_stop()
        stop.set()

    async def _start(self) -> None:
        await self._pins.open()
        self._open_sound()
        self.sound.speaker_lane.set_gain(self.volume / 100)
        self._recall_conversation()
        if self._memory.wishes.muted:
            self.happened(ev.MuteAsked(True))
        await self.control.open()
        self.process.ready()
        self.careful.do("telling systemd", systemd_notify.notify, "READY=1")
        self.careful.do("the record of the start", self._chronicle.ready, self.process.ready_ms)
        # Only now: the first connection may start the brain, which would compete with all of the above.
        self.happened(ev.Start())
        self.extensions.open()
        self._start_watchdog()

    async def _stop(self) -> None:
        """First nothing may touch an output any more, then they are made safe, then the rest ends at once."""
        for task in self._tasks:
            task.cancel()
        self._wake_at(None)
        with self.careful.guard("closing the board"):
            await self._pins.close()
        with self.careful.guard("closing the control socket"):
            await self.control.close()
        ends = {
            "the connections": self._link.aclose(),
            "the owner's tools": self.extensions.aclose(),
            "the conversation": self._memory.aclose(self.machine.ledger.news()),
            "the sound": self.sound.close(),
        }
        await asyncio.gather(*(self._end(what, work) for what, work in ends.items()))
        self._wire.close()

    async def _end(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        with self.careful.guard(f"closing {what}"):
            await work

    def _recall_conversation(self) -> None:
        """Go on with what was said before this process; a torn file is as good as none."""
        kept = self._memory.conversation()
        if kept and not self.machine.recall(kept):
            log.warning("The conversation before the restart cannot be read; this one begins anew.")
        if kept:
            self._memory.remember_anew(self.machine.ledger.whole())

    def _board_opened(self) -> None:
        """What was on before is on again, and the lamps show what there is to show."""
        self._pins.write_safe_plan(self._runtime / "safe.json")
        for device, value in self.machine.devices.values().items():
            self.careful.do("an output", self._write, device, value)
        self.careful.do("the lamp", self._light.redraw)

    def _open_sound(self) -> None:
        self.spawn(self.sound.open(), "sound")

    def _start_watchdog(self) -> None:
        interval_s = systemd_notify.watchdog_interval_s()
        if interval_s is not None:
            parts = {**self.sound.parts(), "connection": self._attended}
            self.spawn(watchdog.feed(parts, interval_s), "watchdog")

    def _attended(self) -> bool:
        """Does anybody see to the connection: the link at work, or a timer after which it is tried again?"""
        if self.machine.link in ("waiting", "refused"):
            return self._timer is not None
        return self._link.at_work

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Run something beside the rest; what goes wrong in it is logged, never lost."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())

    # ------------------------------------------------------------ what happens

    def tell(self, event: ev.Input) -> None:
        """Something happened; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are leaving
            self._loop.call_soon_threadsafe(self.happened, event)

    def _notice(self) -> None:
        """A part has failed or is back; from any thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._noticed)

    def _tell_faults(self) -> None:
        files = {f"tools/{name}": fault for name, fault in self.extensions.faults().items()}
        self._front.faults(self.faults(), files | self.refused())

    def _noticed(self) -> None:
        self._tell_faults()
        if self.sound.microphone_lane.fault and self.machine.state == "listening":
            self.happened(ev.MicrophoneUnavailable())

    def _extended(self) -> None:
        """The owner's tools, or what is wrong with them, are not what they were."""
        self._tell_faults()
        self.happened(ev.ToolsKnown(self._toolbox.schemas()))

    def _edge(self, pressed: bool) -> None:
        self.tell(ev.ButtonEdge(pressed, time.monotonic()))

    def happened(self, event: ev.Input) -> None:
        """Something happened; on the event loop. Steps the machine and carries out what it asks for."""
        if isinstance(event, ev.PlaybackDrained):
            drained = self.sound.speaker_lane.drained()
            if drained is None:
                return
            event = drained
        elif isinstance(event, ev.Xrun):
            self.xruns[event.kind] += 1
            self.careful.do("the record of an xrun", self._chronicle.xrun, event.kind)
        elif isinstance(event, ev.ButtonEdge):
            self._tell_watchers("button", pressed=event.pressed)
        try:
            for effect in self.machine.step(event, time.monotonic()):
                self.careful.do(type(effect).__name__, self._carry_out, effect)
        finally:
            self._wake_at(self.machine.deadline)

    def _tell_watchers(self, event: str, **fields: Any) -> None:
        self.careful.do(f"publishing {event}", self.control.publish, event, **fields)

    def _later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, call)

    def _wake_at(self, deadline: float | None) -> None:
        if self._timer is not None:
            if deadline is not None and self._timer.when() == deadline:
                return
            self._timer.cancel()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.happened(ev.Tick())

    def _carry_out(self, effect: ev.Effect) -> None:
        match effect:
            case ev.Send(event, conn):
                self._link.send(conn, event)
            case ev.Play(item_id, pcm):
                self.sound.speaker_lane.play(item_id, pcm)
            case ev.PlayEnd(item_id):
                self.sound.speaker_lane.end(item_id)
            case ev.StopPlayback():
                self.sound.speaker_lane.silence()
            case ev.SetCapture(on):
                self.sound.capture(on)
            case WriteOutput(device, value):
                self._write(device, value)
                name = self.names.name(device)
                self.careful.do("the record of a device", self._chronicle.device, name, value)
            case ev.DeviceAnswered(ticket, answer):
                self.tickets.resolve(ticket, answer)
            case ev.Remember(entries):
                self._memory.remember(entries, self.machine.ledger.whole)
            case ev.RunTool(key, name, arguments):
                self.spawn(self._run_tool(key, name, arguments), f"tool-{name}")
            case ev.Connect(conn, place):
                self._link.open(conn, place)
            case ev.Disconnect(conn, why):
                self._link.close(conn)
                self._chronicle.leaving(why)
            case ev.Probe(conn):
                self._link.probe(conn)
            case ev.ButtonStuck(stuck):
                self._stuck = stuck
                self._notice()
            case ev.HistoryCleared():
                self._memory.remember_anew([])
            case _:
                self._front.show(effect)
                self._follow(effect)

    def _follow(self, effect: ev.Effect) -> None:
        """What else is to be done when somebody has been told."""
        match effect:
            case ev.SettingsRejected() | ev.LinkChanged():
                self._tell_faults()
            case ev.StateChanged():
                self._memory.wish(muted=self.machine.muted)
            case ev.TurnOver(turn, ticket):
                self.tickets.resolve(ticket, turn)

    # ------------------------------------------------------------ hands

    def _write(self, device: str, value: float | str) -> None:
        if not self._pins.there:
            return
        self._tell_watchers("device", name=self.names.name(device), value=value)
        try:
            self._pins.write(device, value)
        except Exception as error:
            # Whatever it was: the one who asked must not be told that it was done.
            self._pin_fault = str(error) or type(error).__name__
            if not isinstance(error, PinError):
                raise

    def _lamp(self, colour: tuple[float, float, float]) -> None:
        for name in self.config.lamps:
            self._tell_watchers("lamp", name=name, colour=[round(part, 3) for part in colour])
            self._pins.lamp(name, colour)

    async def _run_tool(self, key: str, name: str, arguments: str) -> None:
        await self._memory.settled()  # after a crash nobody may wonder whether it was asked for
        begun = time.monotonic()
        output = await self._toolbox.call(name, arguments)
        took_ms = (time.monotonic() - begun) * 1000
        self.careful.do("the record of a tool", self._chronicle.tool, name, took_ms, arguments, output)
        self.happened(ev.ToolDone(key, output))

    # ------------------------------------------------------------ what tools and people ask for

    async def ask(self, request: Request) -> DeviceAnswer:
        """Ask for an output to be changed. What the pins refuse is told, not what was meant."""
        if not self._pins.there:
            return DeviceAnswer(False, f"Error: {NO_PINS}")
        self._pin_fault = ""
        ticket, answer = self.tickets.issue()
        self.happened(ev.DeviceAsked(ticket, request))
        result: DeviceAnswer = answer.result()
        return DeviceAnswer(False, f"Error: {self._pin_fault}") if self._pin_fault else result

    async def read(self, key: str) -> Reading:
        """Ask a sensor. Raises PinError."""
        return await self._pins.read(key)

    async def status(self) -> Json:
        """Everything that `voiced status` shows."""
        peaks = self.microphone_peaks
        return {
            "version": __version__,
            "pid": os.getpid(),
            "state": self.machine.state,
            "link": self.machine.link,
            "devices": await self.readings(),
            "volume": self.volume,
            "muted": self.machine.muted,
            "microphone_peak": peaks[-1] if peaks else None,
            "microphone_peaks": peaks,
            "xruns": self.xruns,
            "faults": self.faults() | self.refused(),
            "left_out": self.machine.left_out,
            "tools": self.extensions.status(),
            **self.process.figures(),
        }

    async def readings(self) -> dict[str, Any]:
        """What every device is set to or reads now, by its spoken name; None where it cannot be read."""
        values: dict[str, Any] = dict(self.machine.devices.values())
        for key in self._sensors:
            try:
                values[key] = await self.read(key)
            except HardwareError:
                values[key] = None
        return {self.names.name(key): value for key, value in values.items()}

    def faults(self) -> dict[str, str]:
        """What does not work at the moment, and why."""
        own = {
            "pins": self._pins.fault,
            "button": STUCK if self._stuck else "",
        }
        faults = {**self.sound.faults(), **own}
        return {part: fault for part, fault in faults.items() if fault}

    def refused(self) -> dict[str, str]:
        """What the server refuses of the settings, in a sentence, if it does."""
        sentence = told(self.machine.left_out)
        return {"settings": sentence} if sentence else {}

    @property
    def volume(self) -> int:
        """How loud the speaker is, in percent."""
        return self._memory.wishes.volume_percent

    @property
    def microphone_peaks(self) -> list[float]:
        """The loudest sample of each of the latest utterances, for whoever doubts the microphone."""
        return list(self.sound.microphone_lane.peaks)

    def set_volume(self, percent: int) -> None:
        """Make the speaker louder or quieter; it stays so after a restart."""
        self.sound.speaker_lane.set_gain(percent / 100)
        self._memory.wish(volume_percent=percent)

    def forget(self) -> None:
        """Forget the conversation when the present turn is over."""
        self.happened(ev.ForgetAsked())


def run(config: Config) -> int:
    """Serve until SIGTERM; the exit status."""
    systemd_notify.keep_memory_private()
    leaving = Shutdown()
    journal.open_log()
    try:
        asyncio.run(Appliance(config, leaving.soon).run())
        leaving.status = 0
    except OSError as error:
        complain(f"voiced: {error}")
        leaving.status = 2
    return leaving.status
