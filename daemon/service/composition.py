"""Builds the parts that depend on the configuration: servers, tools, and the machine with its limits."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from daemon.audio.echo.engine import EchoError
from daemon.audio.echo.engine_registry import FOR_SERVERS, FOR_THE_BRAIN
from daemon.audio.echo.path import EchoPath
from daemon.audio.voice_gate import PRE_ROLL_S, VoiceGate
from daemon.config.model import Config
from daemon.core.events import Place
from daemon.core.machine import Machine
from daemon.core.turn.manager import TurnSettings
from daemon.core.turn.style_registry import STYLES
from daemon.devices import inventory
from daemon.devices.limiter import Devices
from daemon.extensions.launch import Launch
from daemon.extensions.supervisor import Extensions
from daemon.network.credentials import find_key, keyless
from daemon.network.endpoint import Endpoint, brain_endpoint, endpoint, falls_back
from daemon.realtime.events import RATE_HZ, Json
from daemon.realtime.session_config import session_config
from daemon.realtime.turn_detection import prefix_s, silence_s, turn_detection
from daemon.telemetry.notifications import KeyChecked
from daemon.tools.builtin import Appliance, builtin_tools, reserved_names
from daemon.tools.toolbox import Toolbox

log = logging.getLogger("voiced")

NO_KEY = "There is no key for the cloud: the offline brain answers. `sudo voiced setup` stores a key."
REFUSED = "There is no key, and the cloud will refuse us: `sudo voiced setup` stores one."

_MARGIN_S = 0.5
"""So much more silence is sent, before and behind speech, than the server's voice detection asks for."""


def endpoints(config: Config, publish: Callable[[KeyChecked], None]) -> Callable[[Place], Endpoint]:
    """The endpoints of the server and the offline brain, worked out anew for each connection."""

    def find(place: Place) -> Endpoint:
        if place == "brain":
            return brain_endpoint(config.brain)
        # The key file may have changed since the last connection.
        key, trouble = find_key(config)
        if not key and config.realtime.server.needs_key:
            trouble = " ".join(filter(None, (trouble, NO_KEY if keyless(config) else REFUSED)))
        publish(KeyChecked("" if config.realtime.server.is_brain else trouble))
        return endpoint(config)

    return find


def extensions(config: Config, launch: Launch, changed: Callable[[], None]) -> Extensions:
    """The owner's tools; `changed` is called when they have changed."""
    return Extensions(Path(config.tools.directory), reserved_names(), launch, changed)


def toolbox(config: Config, appliance: Appliance, owners: Extensions) -> Toolbox:
    """The built-in tools and the owner's."""
    has_button = config.button.pin is not None
    return Toolbox(builtin_tools(config.devices, appliance, has_button), owners)


def echo_path(config: Config, clock: Callable[[], float]) -> tuple[Config, EchoPath | None]:
    """What takes the echo away, if that is for us to do. Where it cannot, nobody listens while we speak."""
    if config.sound.echo != "auto":
        return config, None
    try:
        return config, EchoPath(FOR_THE_BRAIN if _is_offline(config) else FOR_SERVERS, RATE_HZ, clock)
    except EchoError as error:
        log.error("%s Until then the microphone is off while the speaker plays.", error)
    half_duplex = msgspec.structs.replace(config.sound, echo="off")
    return msgspec.structs.replace(config, sound=half_duplex), None


def voice_gate(config: Config) -> VoiceGate | None:
    """What keeps silence off the wire, in a style whose microphone is open while nobody speaks."""
    if not STYLES[config.realtime.turn].gated or config.realtime.send_silence:
        return None
    detection = turn_detection(_session(config, []))
    pre_roll_s = max(PRE_ROLL_S, prefix_s(detection) + _MARGIN_S)
    return VoiceGate(RATE_HZ, silence_s(detection) + _MARGIN_S, pre_roll_s)


def _session(config: Config, tools: list[Json]) -> Json:
    realtime = config.realtime
    detection = STYLES[realtime.turn].turn_detection
    return session_config(realtime.instructions, tools, detection, realtime.transcription, realtime.session)


def machine(config: Config, tools: list[Json]) -> Machine:
    """The machine, with the owner's settings."""
    realtime, session = config.realtime, _session(config, tools)
    detection = turn_detection(session)
    modality: Literal["audio", "text"] = "text" if session["output_modalities"] == ["text"] else "audio"
    return Machine(
        TurnSettings(
            style=realtime.turn,
            modality=modality,
            max_utterance_s=realtime.max_utterance_s,
            max_wait_s=realtime.max_wait_s,
            open_idle_s=realtime.open_idle_s,
            server_answers=detection.get("create_response") is not False,
            full_duplex=config.sound.full_duplex and detection.get("interrupt_response") is not False,
            stall_s=_patience_s(config),
        ),
        session,
        Devices(inventory.limits(config.devices)),
        random.random,
        config.button.debounce_ms / 1000,
        realtime.max_session_s,
        falls_back(config),
        config.sound.earcons,
    )


def _patience_s(config: Config) -> float:
    """How long an answer may take: a cloud silent for 30 s has failed; a brain may still be loading."""
    return 60.0 if _is_offline(config) else 30.0


def _is_offline(config: Config) -> bool:
    return config.realtime.server.is_brain or keyless(config)
