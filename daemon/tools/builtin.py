"""The built-in tools; each answers one sentence, to be read or spoken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Annotated, Literal, Protocol

from daemon.devices import inventory, requests
from daemon.tools import Range, Tool, ToolError
from hardware.devices.kind import Action, Device
from hardware.devices.registry import KINDS
from hardware.ports import HardwareError, Reading

VOLUME_STEP = 10
LEVEL_STEP = 20

Percent = Annotated[int, Range(0, 100)]


class Appliance(Protocol):
    """The part of the service that the built-in tools use, on the event loop."""

    async def ask(self, request: requests.Request) -> requests.DeviceAnswer:
        """Make a request of an output, within its limits."""

    async def read(self, key: str) -> Reading:
        """Read a sensor, off the loop. Raises PinError."""

    @property
    def volume(self) -> int:
        """The volume in percent."""

    def set_volume(self, percent: int) -> None:
        """Set the volume, from the next sample on."""

    def mute(self) -> None:
        """Mute the microphone; the answer under way is still said."""

    def forget(self) -> None:
        """Forget the conversation."""


def reserved_names() -> tuple[str, ...]:
    """Names that the owner's tools cannot have, whatever devices there are."""
    return (*BUILTIN_NAMES, *(action.tool for kind in KINDS.outputs() for action in kind.actions))


def builtin_tools(
    devices: Mapping[str, Device],
    appliance: Appliance,
    has_button: bool,
    now: Callable[[], datetime] = datetime.now,
) -> list[Tool]:
    """Every built-in tool that makes sense with these devices, and with a button or without."""
    general = _General(appliance, now).tools()
    offered = [tool for tool in general if has_button or tool.name != "mute_microphone"]
    return [*_Devices(devices, appliance).tools(), *offered]


class _Devices:
    """Set, read and list what the owner has declared."""

    def __init__(self, devices: Mapping[str, Device], appliance: Appliance) -> None:
        self._appliance = appliance
        self._names = inventory.names(devices)
        self._outputs = inventory.outputs(devices)
        self._sensors = inventory.sensors(devices)

    def tools(self) -> list[Tool]:
        """The tools for which there is a device, with the names that people use as choices."""
        lights = [key for key, output in self._outputs.items() if output.takes == "colour"]
        dimmers = [key for key, output in self._outputs.items() if output.takes == "level"]
        offers: list[tuple[Callable[..., object], list[str]]] = [
            (self.set_device, [*self._outputs]),
            (self.set_level, [*self._outputs]),
            (self.change_level, dimmers),
            (self.set_colour, lights),
            (self.blink_device, [*self._outputs]),
            (self.pulse_device, [*self._outputs]),
            (self.read_device, [*self._sensors, *self._outputs]),
        ]
        tools = [Tool(offer, choices={"device": self._names.names(keys)}) for offer, keys in offers if keys]
        return [*tools, Tool(self.list_devices), *self._of_kinds()]

    def _of_kinds(self) -> Iterator[Tool]:
        """The tools that kinds define, each for the devices of its kind."""
        keys: dict[str, list[str]] = {}
        actions: dict[str, tuple[Action, bool]] = {}
        for key, output in self._outputs.items():
            for action in output.actions:
                keys.setdefault(action.tool, []).append(key)
                actions[action.tool] = action, output.takes == "level"
        for name, (action, scales) in actions.items():
            yield self._of_kind(action, scales, self._names.names(keys[name]))

    def _of_kind(self, kinds: Action, scales: bool, names: Sequence[str]) -> Tool:
        async def act(device: str, action: str, percent: Percent = 100) -> str:
            return await self._ask(requests.SetValue(self._key(device), kinds.words[action] * percent / 100))

        async def act_fully(device: str, action: str) -> str:
            return await act(device, action)

        offer = act if scales else act_fully
        offer.__doc__ = kinds.description
        return Tool(offer, kinds.tool, choices={"device": names, "action": [*kinds.words]})

    async def set_device(self, device: str, state: Literal["on", "off", "toggle"]) -> str:
        """Switch a device on or off, or toggle it."""
        return await self._ask(requests.SetState(self._key(device), state))

    async def set_level(self, device: str, percent: Percent) -> str:
        """Set a device to a level in percent, such as a brightness or a speed."""
        return await self._ask(requests.SetLevel(self._key(device), percent))

    async def change_level(
        self,
        device: str,
        direction: Literal["up", "down"],
        percent: Annotated[int, Range(1, 100)] = LEVEL_STEP,
    ) -> str:
        """Make a device brighter or dimmer, faster or slower: 10 percentage points are a bit, 40 are much."""
        by = percent if direction == "up" else -percent
        return await self._ask(requests.ChangeLevel(self._key(device), by))

    async def set_colour(self, device: str, colour: requests.Colour) -> str:
        """Let a light shine in a colour."""
        return await self._ask(requests.SetColour(self._key(device), colour))

    async def blink_device(self, device: str, times: Annotated[int, Range(1, 20)]) -> str:
        """Let a device go on and off a few times."""
        return await self._ask(requests.Blink(self._key(device), times))

    async def pulse_device(self, device: str, seconds: Annotated[float, Range(0.1, 60)]) -> str:
        """Switch a device on for some seconds, and then off."""
        return await self._ask(requests.Pulse(self._key(device), seconds))

    async def read_device(self, device: str) -> str:
        """Tell what a sensor reads, or what state a device is in."""
        key = self._key(device)
        if key in self._outputs:
            return await self._ask(requests.Query(key))
        try:
            return self._sensors[key].told(self._names.name(key), await self._appliance.read(key))
        except HardwareError as error:
            raise ToolError(str(error)) from error

    async def list_devices(self) -> str:
        """List every device with its state, and every sensor."""
        states = [await self._ask(requests.Query(key)) for key in self._outputs]
        clauses = [_join([state[0].lower() + state.rstrip(".")[1:] for state in states])]
        clauses.append(_join([f"the {self._names.name(key)}" for key in self._sensors], " can be read"))
        text = "; ".join(filter(None, clauses)) or "there are no devices"
        return f"{text[0].upper()}{text[1:]}."

    def _key(self, name: str) -> str:
        key = self._names.key(name)
        if key is None:
            raise ToolError(f"there is no device called {name}.")
        return key

    async def _ask(self, request: requests.Request) -> str:
        return (await self._appliance.ask(request)).text


class _General:
    """Time, volume, and the conversation itself."""

    def __init__(self, appliance: Appliance, now: Callable[[], datetime]) -> None:
        self._appliance = appliance
        self._now = now

    def tools(self) -> Iterator[Tool]:
        """All of them."""
        return (Tool(getattr(self, name)) for name in _tools_of(_General))

    async def current_time(self) -> str:
        """Tell the time of day and the date."""
        now = self._now()
        return f"It is {now:%H:%M} on {now:%A}, {now.day} {now:%B %Y}."

    async def set_volume(self, percent: Percent) -> str:
        """Set the volume of the voice in percent."""
        self._appliance.set_volume(percent)
        return f"The volume is at {percent} percent."

    async def change_volume(self, direction: Literal["up", "down"]) -> str:
        """Make the voice a little louder or quieter."""
        step = VOLUME_STEP if direction == "up" else -VOLUME_STEP
        return await self.set_volume(min(100, max(0, self._appliance.volume + step)))

    async def mute_microphone(self) -> str:
        """Mute the microphone if the user asks for it; it is opened again by hand only."""
        self._appliance.mute()
        return "The microphone is muted; tap the button twice to open it."

    async def stop_conversation(self) -> str:
        """End the conversation when the user says goodbye or wants silence."""
        # The machine ends the turn by the name of this tool: daemon/core/history/turn.py.
        return "The conversation is over."

    async def forget_conversation(self) -> str:
        """Forget everything that was said so far."""
        self._appliance.forget()
        return "The conversation is forgotten."


def _join(parts: list[str], after: str = "") -> str:
    """A list in words: "a", "a and b", "a, b and c"; empty for none."""
    if len(parts) < 2:
        return parts[0] + after if parts else ""
    return f"{', '.join(parts[:-1])} and {parts[-1]}{after}"


def _tools_of(room: type) -> Iterator[str]:
    """The names of its tools: the coroutines that are not private, in their order."""
    return (name for name, each in vars(room).items() if name[0] != "_" and iscoroutinefunction(each))


BUILTIN_NAMES = (*_tools_of(_Devices), *_tools_of(_General))
"""The tools of an appliance with every common kind of device."""
