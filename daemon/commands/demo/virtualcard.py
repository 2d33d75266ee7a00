"""A virtual sound card for the demo and the tests: a private PulseAudio with two null sinks.

Sound fed into `micfeed` is the microphone's; the speaker's is read from its monitor. Both run on the server's
real-time clock. Needs the Debian packages in `PACKAGES`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal, TypeAlias

from daemon.audio.pcm import from_pcm16, to_pcm16
from daemon.audio.resampler import Resampler
from hardware.ports import HardwareError, Mono

PACKAGES = ("pulseaudio", "pulseaudio-utils", "libasound2-plugins")
"""The Debian packages without which there is no virtual card."""

Process: TypeAlias = "subprocess.Popen[bytes]"
Side: TypeAlias = Literal["microphone", "speaker"]

_MONITORS: dict[Side, str] = {"microphone": "micfeed.monitor", "speaker": "speaker.monitor"}
_START_LIMIT_S = 10.0

# Our PCMs in addition to the machine's configuration, and `default` made of both.
_ASOUND_CONF = """\
</usr/share/alsa/alsa.conf>
pcm.virtualmic {{ type pulse server "unix:{socket}" device micfeed.monitor }}
pcm.virtualspeaker {{ type pulse server "unix:{socket}" device speaker }}
pcm.!default {{ type asym playback.pcm virtualspeaker capture.pcm virtualmic }}
ctl.!default {{ type pulse server "unix:{socket}" }}
"""

# A client that shares memory with a server that dies can wait for itself for ever, with its lock held
# (libpulse 16.1, in pa_memimport_free: once in a dozen deaths), and then no call of ALSA returns any more.
_CLIENT_CONF = "enable-shm = no\n"


class VirtualCardError(HardwareError):
    """The virtual card cannot be made; the message is one sentence with the remedy."""


class VirtualCard:
    """A microphone and a speaker without hardware, while the `with` block lasts.

        with VirtualCard() as card, card.record("speaker", Path("reply.wav")):
            os.environ.update(card.env)                 # or pass it to a child process
            AlsaMicrophone(SoundConfig(microphone=card.microphone), capture)
            card.feed(Path("hello.wav")).wait()         # in real time; without wait() in the background

    Works as root and as a user, any number at a time. Raises VirtualCardError.
    """

    microphone = "virtualmic"
    """ALSA name of the capture PCM."""
    speaker = "virtualspeaker"
    """ALSA name of the playback PCM."""

    rate_hz = 48_000
    """Of both sinks: a program that opens the card at this rate gets its samples as they are."""

    def __init__(self) -> None:
        self.server: Process | None = None
        """The sound server, while the card is plugged in."""
        self._helpers: list[Process] = []

    def __enter__(self) -> VirtualCard:
        _check_packages()
        # PulseAudio limits the length of a socket's path, so the folder is made where paths are short.
        self._dir = Path(tempfile.mkdtemp(prefix="voiced-card-", dir="/tmp"))
        self._dir.joinpath("asound.conf").write_text(_ASOUND_CONF.format(socket=self._socket))
        self._dir.joinpath("client.conf").write_text(_CLIENT_CONF)
        try:
            self.plug()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        shutil.rmtree(self._dir, ignore_errors=True)

    @property
    def env(self) -> dict[str, str]:
        """What a program needs in its environment to see this card; set it before ALSA is first used."""
        return {
            "ALSA_CONFIG_PATH": str(self._dir / "asound.conf"),
            "PULSE_CLIENTCONFIG": str(self._dir / "client.conf"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(self._dir / "cookie"),
        }

    # ------------------------------------------------------------ sound

    def feed(self, sound: Path | Mono, rate_hz: int = 24_000) -> Process:
        """Play a mono 16 bit WAV file, or samples at `rate_hz`, into the microphone in real time.

        Returns the playing process at once: `.wait()` for the end, `.terminate()` to break off.
        """
        samples, rate_hz = read_wav(sound) if isinstance(sound, Path) else (sound, rate_hz)
        pcm = to_pcm16(Resampler(rate_hz, self.rate_hz, "linear").whole(samples))
        with tempfile.TemporaryFile(dir=self._dir) as file:
            file.write(pcm)
            file.seek(0)
            # Cached in the server, the sound has no gaps when the machine is busy.
            return self._start_client("pacat", "--playback", "--device=micfeed", stdin=file, latency_ms=500)

    @contextmanager
    def record(self, side: Side, path: Path) -> Iterator[Recording]:
        """Record the microphone or the speaker into a mono 16 bit WAV file."""
        client = self._start_client("parec", f"--device={_MONITORS[side]}", stdout=subprocess.PIPE)
        recording = Recording(client, path, self.rate_hz)
        try:
            yield recording
        finally:
            recording.stop()

    # ------------------------------------------------------------ the server

    def plug(self) -> None:
        """Start the server (again): the card is there when this returns."""
        self.server = subprocess.Popen(
            _server_command(self._socket, self.rate_hz, self._dir / "pulse.log"),
            env=self._server_env(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_for_server(self.server)
        # A null sink that nobody uses falls back to a latency of 50 ms: these keep it at 10 ms.
        with open(os.devnull, "r+b") as nothing, open("/dev/zero", "rb") as silence:  # noqa: PTH123
            self._start_client("pacat", "--playback", "--device=speaker", stdin=silence)
            self._start_client("pacat", "--playback", "--device=micfeed", stdin=silence)
            self._start_client("parec", f"--device={_MONITORS['microphone']}", stdout=nothing)

    def unplug(self) -> None:
        """Kill the server: every program that has the card open sees it vanish."""
        for process in [*self._helpers, self.server]:
            if process is not None:
                process.kill()
                process.wait()
        self._helpers.clear()
        self.server = None
        self._socket.unlink(missing_ok=True)

    @property
    def _socket(self) -> Path:
        return self._dir / "native"

    def _server_env(self) -> dict[str, str]:
        folders = ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "HOME")
        return {**os.environ, **dict.fromkeys(folders, str(self._dir))}

    def _wait_for_server(self, server: Process) -> None:
        limit = time.monotonic() + _START_LIMIT_S
        while subprocess.run(["pactl", "info"], env=self._client_env(), capture_output=True).returncode:
            if server.poll() is not None or time.monotonic() > limit:
                raise VirtualCardError(
                    f"PulseAudio does not start, its last output was {self._last_output()!r}: "
                    f"reinstall it with `apt install --reinstall {' '.join(PACKAGES)}`."
                )
            time.sleep(0.02)

    def _last_output(self) -> str:
        with suppress(OSError, IndexError):
            return (self._dir / "pulse.log").read_text().splitlines()[-1]
        return ""

    def _client_env(self) -> dict[str, str]:
        return {**os.environ, **self.env}

    def _start_client(
        self,
        program: str,
        *options: str,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.DEVNULL,
        latency_ms: int = 10,
    ) -> Process:
        shape = (f"--rate={self.rate_hz}", "--channels=1", "--format=s16le", f"--latency-msec={latency_ms}")
        client = subprocess.Popen(
            [program, *options, *shape],
            env=self._client_env(),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
        )
        self._helpers = [helper for helper in self._helpers if helper.poll() is None]
        self._helpers.append(client)
        return client


class Recording:
    """A WAV file being written from a `parec` process, by a thread of its own."""

    started_at: float | None = None
    """time.monotonic() of the file's first sample, to within 20 ms; None before it has come."""

    def __init__(self, client: Process, path: Path, rate_hz: int) -> None:
        self._client = client
        self.path = path
        self._rate_hz = rate_hz
        self._thread = threading.Thread(target=self._write, name=f"record {path.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the recording; the file is complete when this returns."""
        self._client.terminate()
        self._thread.join()
        self._client.wait()

    def _write(self) -> None:
        source = self._client.stdout
        assert source is not None
        with source, writing_wav(self.path, self._rate_hz) as file:
            while pcm := source.read1(65_536):  # type: ignore[attr-defined]
                if self.started_at is None:
                    self.started_at = time.monotonic() - len(pcm) / 2 / self._rate_hz
                file.writeframesraw(pcm)


def _server_command(socket: Path, rate_hz: int, log: Path) -> list[str]:
    # With rewinds, a null sink renders 2 s ahead while idle and stalls the first read or write by that.
    shape = f"rate={rate_hz} channels=1 format=s16le norewinds=1"
    modules = (
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
        f"module-null-sink sink_name=micfeed {shape}",
        f"module-null-sink sink_name=speaker {shape}",
    )
    options = ("--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no")
    return ["pulseaudio", "-n", *options, f"--log-target=file:{log}", *(f"--load={line}" for line in modules)]


def _check_packages() -> None:
    programs = all(shutil.which(name) for name in ("pulseaudio", "pactl", "pacat", "parec"))
    plugin = any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    if not (programs and plugin):
        raise VirtualCardError(
            f"The virtual sound card needs PulseAudio: `apt install {' '.join(PACKAGES)}`."
        )


@contextmanager
def writing_wav(path: Path, rate_hz: int, channels: int = 1) -> Iterator[wave.Wave_write]:
    """A 16 bit WAV file, to write frames into."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        yield file


def read_wav(path: Path) -> tuple[Mono, int]:
    """The samples and the rate of a mono 16 bit WAV file. Raises VirtualCardError."""
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise VirtualCardError(
                    f"{path} is not mono 16 bit: convert it with `sox {path} -c 1 -b 16 out.wav`."
                )
            return from_pcm16(file.readframes(file.getnframes())), file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise VirtualCardError(
            f"{path} is no WAV file that can be read ({error}): give another one."
        ) from error
