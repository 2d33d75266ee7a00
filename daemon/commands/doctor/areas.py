"""All checks in order, from the configuration to the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from daemon.commands.doctor import (
    conversation,
    echo,
    host,
    listening,
    network,
    people,
    pins,
    service,
    settings,
    sound,
    wake,
)
from daemon.commands.doctor.finding import Told, warning
from daemon.commands.doctor.machine import InspectedMachine

Check: TypeAlias = Callable[[InspectedMachine], Iterator[Told]]


@dataclass(frozen=True)
class Area:
    """One check, and its name."""

    title: str
    check: Check
    before_start: bool = False
    """It is a check of `config check` too: whether this configuration can be started."""
    by_itself: bool = False
    """It works even if the configuration cannot be read."""
    audible: bool = False
    """It makes a noise, and is skipped unless asked for."""


AREAS = (
    Area("configuration", settings.configuration, before_start=True, by_itself=True),
    Area("key", settings.key, before_start=True),
    Area("tools", settings.tools, before_start=True),
    Area("names", settings.names, before_start=True),
    Area("conversation", conversation.conversation, before_start=True),
    Area("state", settings.state, before_start=True),
    Area("user", people.user),
    Area("devices", people.devices),
    Area("sound cards", sound.sound, before_start=True),
    Area("sound", listening.listening, audible=True),
    Area("echo", echo.installed, before_start=True),
    Area("wake word", wake.wake_word, before_start=True),
    Area("pins", pins.pins, before_start=True),
    Area("clock", host.clock, by_itself=True),
    Area("temperature", host.heat, by_itself=True),
    Area("power", host.power, by_itself=True),
    Area("network", network.way, before_start=True),
    Area("cloud", network.answer),
    Area("offline brain", network.brain, before_start=True),
    Area("service", service.service, by_itself=True),
    Area("secrecy", service.secrecy, by_itself=True),
    Area("versions", service.versions, by_itself=True),
)


def looked_at(machine: InspectedMachine, area: Area) -> list[Told]:
    """The results of a check; none if it needs a configuration that cannot be read."""
    if machine.config_error and not area.by_itself:
        return []
    told: list[Told] = []
    try:
        told.extend(area.check(machine))
    except Exception as failure:  # on a broken machine anything may fail: the other checks go on
        sentence = f"the check of {area.title} itself failed ({failure!r})"
        told.append(warning("V999", sentence, "tell the makers of voiced, with the output of --json"))
    return told
