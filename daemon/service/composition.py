"""The parts that the configuration decides about: the tools, and the machine with its limits."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from daemon.config.model import Config
from daemon.core.machine import Machine
from daemon.core.turn.manager import TurnSettings
from daemon.devices import inventory
from daemon.devices.limiter import Devices
from daemon.extensions import launch
from daemon.extensions.supervisor import Extensions
from daemon.network.credentials import keyless
from daemon.network.endpoint import falls_back
from daemon.realtime.events import Json
from daemon.realtime.session_config import session_config
from daemon.tools.builtin import Appliance, builtin_tools, reserved_names
from daemon.tools.toolbox import Toolbox


def extensions(config: Config, changed: Callable[[], None]) -> Extensions:
    """The owner's tools; `changed` is called when there are others."""
    return Extensions(Path(config.tools.directory), reserved_names(), launch.usual(), changed)


def toolbox(config: Config, appliance: Appliance, owners: Extensions) -> Toolbox:
    """The built-in tools and the owner's."""
    return Toolbox(builtin_tools(config.devices, appliance), owners)


def machine(config: Config, tools: list[Json]) -> Machine:
    """Everything that voiced decides, as the owner wants it."""
    realtime = config.realtime
    style: Literal["hold", "tap"] = "tap" if realtime.turn == "tap" else "hold"
    session = session_config(realtime.instructions, tools, style, realtime.transcription, realtime.session)
    modality: Literal["audio", "text"] = "text" if session["output_modalities"] == ["text"] else "audio"
    return Machine(
        TurnSettings(style, modality, realtime.max_utterance_s, realtime.max_wait_s, _patience_s(config)),
        session,
        Devices(inventory.limits(config.devices)),
        random.random,
        config.button.debounce_ms / 1000,
        realtime.max_session_s,
        falls_back(config),
        config.sound.earcons,
    )


def _patience_s(config: Config) -> float:
    """A cloud that says nothing for half a minute has stopped; a small board may be loading its brain."""
    offline = config.realtime.server.is_brain or keyless(config)
    return 60.0 if offline else 30.0
