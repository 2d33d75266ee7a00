"""`voiced demo`: runs a scenario on the whole appliance, records it and draws it."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from daemon.commands.demo.event_stream import EventStreamError, flashes
from daemon.commands.demo.harness import Harness, HarnessError
from daemon.commands.demo.recording import Track, read_track, wire_tracks, write_conversation
from daemon.commands.demo.report import Outcome, table, write_report
from daemon.commands.demo.scenario import SCENARIO, ScenarioTurn, verdict
from daemon.commands.demo.timeline import Performance, draw
from daemon.commands.demo.user_voice import SimulatedSpeaker, SimulatedSpeakerError
from daemon.commands.demo.view import View
from daemon.commands.demo.virtualcard import Side
from daemon.commands.terminal import Terminal
from daemon.control.client import ControlError, Json
from daemon.text.printable import one_line
from hardware.ports import HardwareError

_FILES = ("report.json", "conversation.wav", "timeline.svg", "wire.jsonl", "journal.log")
_TURN_LIMIT_S = 180.0
_FLASH_LIMIT_S = 5.0
_BEFORE_SPEECH_S = 0.15
_PAUSE_S = 0.6


class Demo:
    """Plays a scenario, or one turn per file, on a harness."""

    def __init__(self, harness: Harness, view: View, folder: Path) -> None:
        self._harness = harness
        self._view = view
        self._folder = folder
        self._held = False
        self.outcomes: list[Outcome] = []

    def play(self, lines: Sequence[ScenarioTurn], speaker: SimulatedSpeaker) -> None:
        """Play the scenario with a synthetic voice."""
        for line in lines:
            path = self._folder / "sentence.wav"
            if not line.typed:
                speaker.say(line.text, path)
            self._turn(line.text, line, None if line.typed else path)

    def play_files(self, wavs: Sequence[Path]) -> None:
        """Play one turn per recording, whose words are not known."""
        for wav in wavs:
            self._turn(wav.name, None, wav)

    def _turn(self, label: str, line: ScenarioTurn | None, wav: Path | None) -> None:
        """Run one turn, typed if there is no recording, and check it if the result is known."""
        stream, since, begin = self._harness.stream, len(self._harness.stream.events), time.monotonic()
        turn: Json = {}
        devices: Json = {}
        try:
            turn = self._spoken(line, wav, since) if wav else self._harness.ask(label)
            if line:
                self._await_flashes(line, since)
            devices = self._harness.status()["devices"]
            problems = verdict(line, turn, devices, stream.events[since:]) if line else []
        except (EventStreamError, ControlError) as error:
            problems = [str(error)]
        said = line.text if line else None
        outcome = Outcome(label, said, turn, devices, begin, time.monotonic(), problems)
        self.outcomes.append(outcome)
        self._view.add(outcome)
        if stream.ended:
            raise EventStreamError(stream.ended)
        if not self._held:
            time.sleep(_PAUSE_S)

    def _spoken(self, line: ScenarioTurn | None, wav: Path, since: int) -> Json:
        """Press the button, speak, release it, and wait for the end of the turn."""
        if not self._held:
            self._harness.press()
        self._held = False
        time.sleep(_BEFORE_SPEECH_S)
        self._harness.hear(wav)
        self._harness.release()
        if line and line.interrupt_after_s is not None:
            self._interrupt(line.interrupt_after_s, since)
        return self._harness.stream.wait(since, _TURN_LIMIT_S, "the end of the turn", is_turn)

    def _interrupt(self, after_s: float, since: int) -> None:
        """Press again during the answer, and keep the button down for the next turn."""
        event = self._harness.stream.wait(
            since, _TURN_LIMIT_S, "the answer", lambda e: is_answer(e) or is_turn(e)
        )
        if is_turn(event):
            return
        time.sleep(after_s)
        self._harness.press()
        self._held = True

    def _await_flashes(self, line: ScenarioTurn, since: int) -> None:
        """Wait for the end of a blink, which may go on after its answer."""
        until = time.monotonic() + _FLASH_LIMIT_S
        stream = self._harness.stream
        while any(flashes(stream.events[since:], name) < times for name, times in line.flashes.items()):
            if time.monotonic() > until:
                return
            time.sleep(0.05)
        time.sleep(_PAUSE_S if line.flashes else 0.0)


def is_turn(event: Json) -> bool:
    """Whether an event is the record of a turn."""
    return bool(event["event"] == "turn")


def is_answer(event: Json) -> bool:
    """Whether an event is the first sound of an answer."""
    return bool(event["event"] == "state" and event["state"] == "speaking")


def run(out: Path, wavs: Sequence[Path] = (), *, keep: bool = False, card: str | None = None) -> int:
    """Run the demo; the exit status is 1 if a turn went wrong, 2 if a part is missing."""
    console = Terminal()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # every child is ended on the way out
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            (out / name).unlink(missing_ok=True)
        with _scratch(keep, console) as folder:
            return _run(folder, out, wavs, card, console)
    except (HarnessError, SimulatedSpeakerError, HardwareError, ControlError, OSError) as error:
        console.print(one_line(error), style="red", soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(folder: Path, out: Path, wavs: Sequence[Path], card: str | None, console: Terminal) -> int:
    if card and wavs:
        raise HarnessError("Files can only be played into the virtual card; leave --card out.")
    for wav in wavs:
        if not wav.is_file():
            raise HarnessError(f"{wav} is not there; give files that exist.")
    speaker = None if wavs else SimulatedSpeaker()
    harness = Harness(folder, out, card)
    console.print("Starting the sound card, the brain and the service ...", style="dim")
    view = View(console, harness.stream)
    with harness, view.live():
        begin = time.monotonic()
        view.know(harness.status()["devices"])
        demo = Demo(harness, view, folder)
        with suppress(EventStreamError):  # shown with the last outcome
            if speaker:
                demo.play(SCENARIO, speaker)
            else:
                demo.play_files(wavs)
        status, end = _status(harness), time.monotonic()
    tracks = wire_tracks(out / "wire.jsonl") if card else _tracks(harness)
    performance = Performance(harness.stream.events, demo.outcomes, tracks, begin, end)
    return _finish(out, performance, status, console)


def _status(harness: Harness) -> Json:
    with suppress(ControlError):
        return harness.status()
    return {}


def _tracks(harness: Harness) -> dict[Side, Track]:
    recordings = harness.recordings.items()
    return {side: read_track(each.path, each.started_at or 0.0) for side, each in recordings}


def _finish(out: Path, performance: Performance, status: Json, console: Terminal) -> int:
    """Write all files, and print the result."""
    ok = write_report(out / "report.json", performance.outcomes, status)
    write_conversation(out / "conversation.wav", performance.tracks, performance.begin, performance.end)
    draw(out / "timeline.svg", performance)
    console.print(table(performance.outcomes))
    wrong = sum(1 for outcome in performance.outcomes if outcome.problems)
    console.print(f"\n{len(performance.outcomes)} turns, {wrong} wrong, in {performance.length_s:.0f} s.")
    if status:
        console.print(
            f"The service was ready in {status['start_to_ready_ms']:.0f} ms, took {status['rss_mb']:.0f} MB "
            f"and {status['cpu_s']:.1f} s of processor time."
        )
    else:
        console.print(f"The service has ended too early; read {out}/journal.log.", style="red")
    console.print(
        f"See {out}/timeline.svg, listen to {out}/conversation.wav, read {out}/report.json.", soft_wrap=True
    )
    return 0 if ok else 1


@contextmanager
def _scratch(keep: bool, console: Terminal) -> Iterator[Path]:
    """A working folder with a short path, as that of a unix socket has at most 107 characters."""
    if keep:
        folder = tempfile.mkdtemp(prefix="voiced-demo-", dir="/tmp")
        yield Path(folder)
        console.print(f"The working folder is {folder}.", style="dim")
    else:
        with tempfile.TemporaryDirectory(prefix="voiced-demo-", dir="/tmp") as folder:
            yield Path(folder)
