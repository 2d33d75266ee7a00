"""The shell: builds the parts, steps the machine, carries out its effects, all on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

from daemon import inventory, journal, vitals, watchdog
from daemon.builtin import BUILTIN_NAMES, builtin_tools
from daemon.chronicle import Chronicle, served
from daemon.config import Config
from daemon.control import Control
from daemon.core import events as ev
from daemon.core.conversation import Settings
from daemon.core.devices import Devices
from daemon.core.machine import Machine
from daemon.core.outputs import Answer, Request, WriteOutput
from daemon.core.session import session_config
from daemon.desk import Desk
from daemon.lanes import MicrophoneLane, SpeakerLane
from daemon.light import Light
from daemon.link import Link, WireLog
from daemon.memory import Remembered, keep, recall
from daemon.pins import NO_PINS, Pins
from daemon.providers import Endpoint, brain_endpoint, endpoint, falls_back, keyless, resolve_key
from daemon.tool_files import load_tools
from daemon.tools import Toolbox
from hardware.ports import HardwareError, Microphone, PinError, Reading, Speaker

log = logging.getLogger("voiced")

NO_KEY = "There is no key for the cloud: the offline brain answers. `sudo voiced setup` stores a key."
STUCK = "The button is stuck: free it, or look for a short circuit in its wires."
REPEATED = "Error: this call was made before; it is not run again."


class App:
    """One appliance. `run` returns after SIGTERM or SIGINT, with every output in its safe state."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.process = vitals.Process()
        self.names = inventory.names(config.devices)
        self.memory = recall(config.state.directory)
        self.xruns = {"overrun": 0, "underrun": 0}
        self._sensors = inventory.sensors(config.devices)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._tickets = 0
        self._pin_fault = ""
        self._stuck = False
        self._keeping = asyncio.Lock()
        self._chronicle = Chronicle(lambda link: served(config, link), config.log.transcripts, self._later)
        self._wire = WireLog(config.debug.wire_log)
        self._link = Link(self._endpoint, self.happened, self._wire)
        self._desk = Desk(self)
        self.control = Control(config.control.socket, self._desk.handle)
        self._toolbox = self._make_toolbox()
        self.machine = self._make_machine()
        self._microphone_lane = MicrophoneLane(self.tell, self._notice, config.sound.filter)
        self._speaker_lane = SpeakerLane(self.tell, self._notice, config.sound.filter)
        self._microphone: Microphone | None = None
        self._speaker: Speaker | None = None
        self._pins = Pins(config, self._edge, self._board_opened, self._notice, self.spawn)
        self._light = Light(self._lamp)
        self._timer: asyncio.TimerHandle | None = None

    def _make_toolbox(self) -> Toolbox:
        own = builtin_tools(self.config.devices, self)
        extra, errors = load_tools(Path(self.config.tools.directory), BUILTIN_NAMES)
        for error in errors:
            log.error("tools: %s", error)
        return Toolbox(own + extra)

    def _make_machine(self) -> Machine:
        realtime = self.config.realtime
        style: Literal["hold", "tap"] = "tap" if realtime.turn == "tap" else "hold"
        session = session_config(
            realtime.instructions, self._toolbox.schemas(), style, realtime.transcription, realtime.session
        )
        written = session["output_modalities"] == ["text"]
        modality: Literal["audio", "text"] = "text" if written else "audio"
        settings = Settings(style, modality, realtime.max_utterance_s, realtime.max_wait_s)
        devices = Devices(inventory.limits(self.config.devices))
        debounce_s = self.config.button.debounce_ms / 1000
        limit_s, fallback = realtime.max_session_s, falls_back(self.config)
        return Machine(settings, session, devices, random.random, debounce_s, limit_s, fallback)

    def _endpoint(self, place: ev.Place) -> Endpoint:
        return brain_endpoint(self.config.brain) if place == "brain" else endpoint(self.config)

    # ------------------------------------------------------------ life

    async def run(self) -> None:
        """Serve until told to stop."""
        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, stop.set)
        try:
            await self._start()
            await stop.wait()
        finally:
            vitals.notify("STOPPING=1")
            self._chronicle.stopping()
            await self._stop()

    async def _start(self) -> None:
        await self._pins.open()
        self._open_sound()
        self._speaker_lane.set_gain(self.memory.volume_percent / 100)
        self.happened(ev.Start())
        if self.memory.muted:
            self.happened(ev.MuteAsked(True))
        if keyless(self.config):
            self._chronicle.trouble(NO_KEY)
        await self.control.open()
        self.process.ready()
        vitals.notify("READY=1")
        self._chronicle.ready(self.process.ready_ms)
        self._start_watchdog()

    async def _stop(self) -> None:
        """First nothing may touch an output any more, then they are made safe, then the rest ends at once."""
        for task in self._tasks:
            task.cancel()
        self._wake_at(None)
        await self._pins.close()
        await self.control.close()
        streams = [stream for stream in (self._microphone, self._speaker) if stream is not None]
        await asyncio.gather(self._link.aclose(), *(asyncio.to_thread(stream.close) for stream in streams))
        self._wire.close()

    def _board_opened(self) -> None:
        """What was on before is on again, and the lamps show what there is to show."""
        self._pins.write_safe_plan(Path(self.config.control.socket).with_name("safe.json"))
        for device, value in self.machine.devices.values().items():
            self._write(device, value)
        self._light.redraw()

    def _open_sound(self) -> None:
        from hardware.alsa import AlsaMicrophone, AlsaSpeaker

        self._microphone = AlsaMicrophone(self.config.sound, self._microphone_lane)
        self._speaker = self._speaker_lane.speaker = AlsaSpeaker(self.config.sound, self._speaker_lane)

    def _start_watchdog(self) -> None:
        interval_s = vitals.watchdog_interval_s()
        if interval_s is None or self._microphone is None or self._speaker is None:
            return
        microphone, speaker = self._microphone, self._speaker
        parts = {
            "microphone": watchdog.moving(lambda: microphone.beats),
            "speaker": watchdog.moving(lambda: speaker.beats),
            "connection": self._attended,
        }
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

    def _noticed(self) -> None:
        faults = self.faults()
        self._light.fault(bool(faults))
        self._chronicle.faults(faults)

    def _edge(self, pressed: bool) -> None:
        self.tell(ev.Edge(pressed, time.monotonic()))

    def happened(self, event: ev.Input) -> None:
        """Something happened; on the event loop. Steps the machine and carries out what it asks for."""
        if isinstance(event, ev.Drained):
            drained = self._speaker_lane.drained()
            if drained is None:
                return
            event = drained
        elif isinstance(event, ev.Xrun):
            self.xruns[event.kind] += 1
            self._chronicle.xrun(event.kind)
        elif isinstance(event, ev.Edge):
            self.control.publish("button", pressed=event.pressed)
        try:
            for effect in self.machine.step(event, time.monotonic()):
                self._carry_out(effect)
        finally:
            self._wake_at(self.machine.deadline)

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
                self._speaker_lane.play(item_id, pcm)
            case ev.PlayEnd(item_id):
                self._speaker_lane.end(item_id)
            case ev.Silence():
                self._speaker_lane.silence()
            case ev.Capture(on):
                self._capture(on)
            case WriteOutput(device, value):
                self._write(device, value)
                self._chronicle.device(self.names.name(device), value)
            case ev.DeviceAnswered(ticket, answer):
                self._resolve(ticket, answer)
            case ev.RunTool(call_id, name, arguments):
                self.spawn(self._run_tool(call_id, name, arguments), f"tool-{name}")
            case ev.Connect(conn, place):
                self._link.open(conn, place)
            case ev.Disconnect(conn, why):
                self._link.close(conn)
                self._chronicle.leaving(why)
            case ev.Probe(conn):
                self._link.probe(conn)
            case _:
                self._show(effect)

    def _show(self, effect: ev.Effect) -> None:
        """Effects that tell somebody something."""
        match effect:
            case ev.StateChanged(state):
                self._light.state(state)
                self._remember(muted=self.machine.muted)
                self._chronicle.muted(self.machine.muted)
                self._tell_status()
                self.control.publish("state", state=state)
            case ev.LinkChanged(link, reason):
                self._light.link(link)
                self._chronicle.connection(link, reason)
                self._tell_status()
                self.control.publish("link", state=link, reason=reason)
            case ev.Words(who, text, whole):
                self._desk.words(self.machine.ticket, who, text)
                self.control.publish(who, **{"text" if whole else "delta": text})
            case ev.ToolReport():
                report = {"call_id": effect.call_id, "name": effect.name, "arguments": effect.arguments}
                self.control.publish("tool", **report, output=effect.output)
            case ev.TurnOver(turn, ticket):
                self._chronicle.turn(turn)
                self.control.publish("turn", **turn)
                self._resolve(ticket, turn)
            case ev.LateTokens(tokens):
                self._chronicle.late_tokens(tokens)
            case ev.ButtonStuck(stuck):
                self._stuck = stuck
                self._notice()
            case ev.Trouble(message):
                self._light.trouble()
                self._chronicle.trouble(message)
            case ev.Remark(message):
                self._chronicle.remark(message)

    def _tell_status(self) -> None:
        vitals.notify(f"STATUS={self.machine.state}, connection {self.machine.link}")

    # ------------------------------------------------------------ hands

    def _capture(self, on: bool) -> None:
        if self._microphone is None:
            return
        if on and self._microphone_lane.fault:
            self._light.trouble()
        if on:
            self._microphone.start()
        else:
            self._microphone.stop()

    def _write(self, device: str, value: float | str) -> None:
        if not self._pins.there:
            return
        self.control.publish("device", name=self.names.name(device), value=value)
        try:
            self._pins.write(device, value)
        except PinError as error:
            self._pin_fault = str(error)

    def _lamp(self, colour: tuple[float, float, float]) -> None:
        for name in self.config.lamps:
            self.control.publish("lamp", name=name, colour=[round(part, 3) for part in colour])
            self._pins.lamp(name, colour)

    async def _run_tool(self, call_id: str, name: str, arguments: str) -> None:
        begun = time.monotonic()
        output = await self._toolbox.call(call_id, name, arguments)
        if output is None:
            output = REPEATED
        self._chronicle.tool(name, (time.monotonic() - begun) * 1000, arguments, output)
        self.happened(ev.ToolDone(call_id, output))

    # ------------------------------------------------------------ what tools and people ask for

    def ticket(self) -> tuple[int, asyncio.Future[Any]]:
        """A number for an event, and what will hold the answer to it."""
        self._tickets += 1
        future: asyncio.Future[Any] = self._loop.create_future()
        self._answers[self._tickets] = future
        return self._tickets, future

    def withdraw(self, ticket: int) -> None:
        """Nobody waits for this answer any more."""
        self._answers.pop(ticket, None)

    def _resolve(self, ticket: int, answer: Any) -> None:
        future = self._answers.pop(ticket, None)
        if future is not None and not future.done():
            future.set_result(answer)

    async def ask(self, request: Request) -> Answer:
        """Ask for an output to be changed. What the pins refuse is told, not what was meant."""
        if not self._pins.there:
            return Answer(False, f"Error: {NO_PINS}")
        self._pin_fault = ""
        ticket, answer = self.ticket()
        self.happened(ev.DeviceAsked(ticket, request))
        result: Answer = answer.result()
        return Answer(False, f"Error: {self._pin_fault}") if self._pin_fault else result

    async def read(self, key: str) -> Reading:
        """Ask a sensor. Raises PinError."""
        return await self._pins.read(key)

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
        faults = {
            "microphone": self._microphone_lane.fault,
            "speaker": self._speaker_lane.fault,
            "pins": self._pins.fault,
            "button": STUCK if self._stuck else "",
        }
        return {part: fault for part, fault in faults.items() if fault}

    @property
    def volume(self) -> int:
        """How loud the speaker is, in percent."""
        return self.memory.volume_percent

    @property
    def microphone_peak(self) -> float | None:
        """The loudest sample of the latest utterance, for whoever doubts the microphone."""
        return self._microphone_lane.peak

    def set_volume(self, percent: int) -> None:
        """Make the speaker louder or quieter; it stays so after a restart."""
        self._speaker_lane.set_gain(percent / 100)
        self._remember(volume_percent=percent)

    def forget(self) -> None:
        """Forget the conversation when the present turn is over."""
        self.happened(ev.ForgetAsked())

    def _remember(self, **changes: Any) -> None:
        wishes = {"volume_percent": self.memory.volume_percent, "muted": self.memory.muted, **changes}
        remembered = Remembered(**wishes)
        if remembered != self.memory:
            self.memory = remembered
            self.spawn(self._keep(), "memory")

    async def _keep(self) -> None:
        """One at a time, and always the newest."""
        async with self._keeping:
            await asyncio.to_thread(keep, self.config.state.directory, self.memory)


def run(config: Config) -> int:
    """Serve until SIGTERM; the exit status."""
    vitals.keep_memory_private()
    journal.open_log(resolve_key(config))
    try:
        asyncio.run(App(config).run())
    except OSError as error:
        print(f"voiced: {error}", file=sys.stderr)
        return 2
    return 0
