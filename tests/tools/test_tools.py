"""Tools: from hints to schema, from bad calls to errors that a model can read, and the built-in ones."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from queue import Queue
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.extensions.stub import Runner
from daemon.extensions.trial import load_tools
from daemon.tools import Range, Tool, ToolDefinitionError, ToolError, tool
from daemon.tools.builtin import BUILTIN_NAMES
from daemon.tools.toolbox import Toolbox
from hardware.devices.kind import Device
from hardware.devices.kinds.button import Contact
from hardware.devices.kinds.cpu_temperature import CpuTemperature
from hardware.devices.kinds.distance import Distance
from hardware.devices.kinds.motion import Motion
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from hardware.devices.kinds.rgb import Rgb
from tests.devices.home import Home

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    async def main() -> T:
        return await awaitable

    return asyncio.run(main())


def call(function: Callable[..., Any], arguments: str = "{}", **options: Any) -> str:
    """Call it as a child would, and tell it as the service does."""
    answers: Queue[dict[str, Any]] = Queue()
    loops: list[asyncio.AbstractEventLoop] = []

    async def end() -> None:
        """A child's loop ends with its process; here, by a tool of ours."""
        loops.append(asyncio.get_running_loop())
        loops[0].call_soon(loops[0].stop)

    tools = [Tool(function, name="it", **options)]
    on_loop = inspect.iscoroutinefunction(function)
    runner = Runner([*tools, Tool(end)] if on_loop else tools, lambda _, **answer: answers.put(answer))
    runner.call(1, "it", arguments)
    answer = answers.get(timeout=10)
    if on_loop:
        thread = next(each for each in threading.enumerate() if each.name == "tools")
        runner.call(2, "end", "{}")
        thread.join()
        loops[0].close()
    return str(answer["text"] if answer["ok"] else f"Error: {answer['text']}")


def water(
    seconds: Annotated[int, Range(1, 30), "How long."],
    where: Literal["garden", "porch"],
    pressure: float | None = None,
    gently: bool = False,
) -> str:
    """Open the valve."""
    return f"{seconds} {where} {pressure} {gently}"


# ---------------------------------------------------------------- schema and arguments


def test_the_schema_comes_from_the_hints() -> None:
    assert Tool(water).schema() == {
        "type": "function",
        "name": "water",
        "description": "Open the valve.",
        "parameters": {
            "type": "object",
            "properties": {
                "seconds": {"type": "integer", "minimum": 1, "maximum": 30, "description": "How long."},
                "where": {"type": "string", "enum": ["garden", "porch"]},
                "pressure": {"type": "number"},
                "gently": {"type": "boolean", "default": False},
            },
            "required": ["seconds", "where"],
            "additionalProperties": False,
        },
    }


def test_good_arguments_arrive_with_defaults() -> None:
    assert call(water, '{"seconds": 3, "where": "porch"}') == "3 porch None False"
    assert call(water, '{"seconds": 3, "where": "porch", "pressure": 2}') == "3 porch 2.0 False"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("", "the arguments are not valid JSON"),
        ('{"seconds": 3', "the arguments are not valid JSON"),
        ("[3]", "Expected object, got array"),
        ("{}", "The call missing required parameter seconds"),
        ('{"seconds": 3, "where": "porch", "when": 1}', "The call contains unknown parameter when"),
        ('{"seconds": "three", "where": "porch"}', "seconds: Expected int, got str"),
        ('{"seconds": 3.5, "where": "porch"}', "seconds: Expected int, got float"),
        ('{"seconds": 31, "where": "porch"}', "seconds: Expected int <= 30"),
        ('{"seconds": 3, "where": "roof"}', "where: expected one of garden, porch"),
        ('{"seconds": 3, "where": 1}', "where: expected one of garden, porch"),
    ],
)
def test_bad_arguments_are_told_to_the_model_by_name(arguments: str, complaint: str) -> None:
    assert call(water, arguments).startswith(f"Error: it: {complaint}")


@given(
    st.text()
    | st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner)).map(json.dumps)
)
def test_whatever_the_model_sends_is_an_answer_or_an_error(arguments: str) -> None:
    assert call(water, arguments).startswith("Error: it: ")


class Nested:
    pass


def no_hint(seconds) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Lack a hint."""
    return str(seconds)


def star(*seconds: int) -> str:
    """Take a star."""
    return str(seconds)


def silent(seconds: int) -> str:
    return str(seconds)


def odd(what: Nested) -> str:
    """Take an object."""
    return str(what)


def wide(what: Annotated[str, Range(1, 2)]) -> str:
    """Bound a text."""
    return what


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_hint, "no_hint: seconds has no type hint, write one such as seconds: int"),
        (star, "star: seconds must be a plain parameter"),
        (silent, "silent: it has no docstring, write one"),
        (odd, "odd: "),
        (wide, "wide: "),
    ],
)
def test_a_function_that_cannot_be_a_tool_says_why(function: Callable[..., str], message: str) -> None:
    with pytest.raises(ToolDefinitionError, match="^" + message):
        tool(function)


def test_the_decorator_leaves_the_function_and_takes_options() -> None:
    @tool(name="other_name", timeout_s=1.0)
    def plain(number: int) -> int:
        """Be plain."""
        return number + 1

    assert plain(1) == 2
    with pytest.raises(ToolDefinitionError, match="there are two tools of this name"):
        Toolbox([Tool(plain), Tool(plain)])


# ---------------------------------------------------------------- calls


@dataclass
class Point:
    x: int
    y: int


class Colour(Enum):
    RED = "red"


class Struct(msgspec.Struct):
    z: int


def test_results_of_all_kinds_become_text() -> None:
    def answer() -> dict[str, list[int]]:
        """Answer."""
        return {"a": [1, 2]}

    async def later() -> str:
        """Answer later."""
        await asyncio.sleep(0)
        return "lätër"

    def things() -> list[Any]:
        """Answer with what JSON does not know."""
        return [Point(1, 2), Colour.RED, {3}, date(2026, 11, 27), Decimal("0.5"), Path("/tmp"), Struct(4)]

    def much() -> str:
        """Answer too much."""
        return "ü" * 20_000

    assert call(answer) == '{"a":[1,2]}'
    assert call(later) == "lätër"
    assert call(things) == '[{"x":1,"y":2},"red",[3],"2026-11-27","0.5","/tmp",{"z":4}]'
    assert call(much) == "ü" * 8192 + " [cut]"


def test_a_tool_that_nobody_awaits_has_not_run_and_says_so() -> None:
    async def water() -> str:
        """Water."""
        return "done"

    @functools.wraps(water)
    def again() -> Any:
        return water()

    assert call(again).startswith("Error: it failed: TypeError: it returns a coroutine")


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (ZeroDivisionError("by zero"), "Error: it failed: ZeroDivisionError: by zero"),
        (KeyError(), "Error: it failed: KeyError"),
        (SystemExit(3), "Error: it failed: SystemExit: 3"),
        (TimeoutError("the tap is slow"), "Error: it failed: TimeoutError: the tap is slow"),
        (ToolError("the tank is empty."), "Error: the tank is empty."),
    ],
)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_every_failure_becomes_text(failure: BaseException, text: str, kind: str) -> None:
    def fail() -> str:
        """Fail."""
        raise failure

    async def fail_later() -> str:
        """Fail later."""
        raise failure

    assert call(fail if kind == "sync" else fail_later) == text


def test_sync_functions_run_off_the_loop_and_async_ones_on_it() -> None:
    def where() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    async def where_async() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    assert call(where) == "tool it"
    assert call(where_async) == "tools"
    assert run(Toolbox([Tool(where_async)]).call("where_async", "{}")) == "MainThread"


@pytest.mark.parametrize("failure", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
def test_a_built_in_tool_that_breaks_off_is_an_answer_too(failure: BaseException) -> None:
    async def fail() -> str:
        """Fail."""
        raise failure

    answer = run(Toolbox([Tool(fail)]).call("fail", "{}"))
    assert str(answer).startswith(f"Error: fail failed: {type(failure).__name__}") or "CancelledError" in str(
        answer
    )


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("act", "done"),
        ("ACT", "done"),
        (" Act ", "done"),
        ("act-Twice", "done"),
        ('"act"', "done"),
        ("`act`.", "done"),
        ("\u200bact\ufeff", "done"),
        ("actTwice", "done"),
        ("ActTwice", "done"),
        ("ａｃｔ＿ｔｗｉｃｅ", "done"),
        ("functions.act", "done"),
        ("default_api.Act_Twice", "done"),
        ("functions.on", "Error: there is no tool called functions.on; there are act, act_twice, On, ON."),
        ("act.", "done"),
        (".", "Error: there is no tool called .; there are act, act_twice, On, ON."),
        ("ON", "done"),
        ("on", "Error: there is no tool called on; there are act, act_twice, On, ON."),
        ("a" * 100, f"Error: there is no tool called {'a' * 60}...; there are act, act_twice, On, ON."),
    ],
)
def test_the_name_of_a_tool_in_other_clothes_is_taken_where_it_is_certain(name: str, answer: str) -> None:
    async def act() -> str:
        """Act."""
        return "done"

    box = Toolbox([Tool(act, name=each) for each in ("act", "act_twice", "On", "ON")])
    assert run(box.call(name, "{}")) == answer


def test_a_tool_that_does_not_exist_is_told() -> None:
    assert run(Toolbox([]).call("fly", "{}")) == "Error: there is no tool called fly."


# ---------------------------------------------------------------- the owner's files

GOOD = '''
from typing import Annotated
from daemon.tools import Range, tool

@tool
def water(seconds: Annotated[int, Range(1, 30)]) -> str:
    """Open the valve."""
    return f"{seconds} s"
'''


def put(directory: Path, name: str, text: str, mode: int = 0o644) -> Path:
    directory.chmod(0o755)
    path = directory / name
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_file_of_the_owner_is_a_tool(tmp_path: Path) -> None:
    put(tmp_path, "garden.py", GOOD)
    assert load_tools(tmp_path) == (["water"], [])


def test_a_file_that_windows_has_named_is_one_and_what_editors_and_macs_hide_is_none(tmp_path: Path) -> None:
    put(tmp_path, "GARDEN.PY", GOOD)
    for name in (
        ".#GARDEN.PY",
        "._GARDEN.PY",
        ".garden.py.swp",
        "__init__.py",
        "GARDEN.PY~",
        "garden.py.bak",
        "README",
    ):
        put(tmp_path, name, "no Python")
    assert load_tools(tmp_path) == (["water"], [])


def test_no_directory_is_no_tools(tmp_path: Path) -> None:
    assert load_tools(tmp_path / "none") == ([], [])


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ("def f(:\n", 0o644, ":1: invalid syntax: correct the line"),
        ("\n\nimport nothing_of_this_name\n", 0o644, ":3: ModuleNotFoundError: No module named"),
        (GOOD.replace(": Annotated[int, Range(1, 30)]", ""), 0o644, ":5: water: seconds has no type hint"),
        (GOOD.replace("def water", "def taken"), 0o644, ":5: there is a tool taken already: rename one"),
        ("raise SystemExit(1)", 0o644, ":1: SystemExit: 1"),
        (GOOD.replace('"""', '"""\\ud800', 1), 0o644, ":5: water: there is half a character"),
        ("raise ValueError('\\ud800')", 0o644, ":1: ValueError: ?: correct the line"),
        (
            GOOD.replace('"""', '"""' + "all about it " * 50_000, 1),
            0o644,
            ": its tools take more than 256 kB",
        ),
        ("", 0o644, ": there is no tool in it: write @tool above a function"),
        (GOOD.replace("@tool\n", ""), 0o644, ": there is no tool in it: write @tool above a function"),
        ("from daemon.tools.builtin import BUILTIN_NAMES", 0o644, ": there is no tool in it: write @tool"),
        (GOOD + "\0", 0o644, ":9: there are NUL bytes in it, as in UTF-16: save it as UTF-8"),
        (GOOD, 0o666, ": others may write to it: chmod go-w it"),
        (GOOD, 0o664, ": others may write to it: chmod go-w it"),
    ],
)
def test_a_bad_file_is_told_with_its_line_and_the_others_still_load(
    tmp_path: Path, text: str, mode: int, complaint: str
) -> None:
    bad = put(tmp_path, "bad.py", text, mode)
    put(tmp_path, "good.py", GOOD)
    tools, errors = load_tools(tmp_path, taken={"taken"})
    assert tools == ["water"]
    assert len(errors) == 1
    assert str(errors[0]).startswith(f"{bad}{complaint}")


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_file_that_windows_saved_as_unicode_is_refused_with_the_remedy(tmp_path: Path, coding: str) -> None:
    mark = "" if coding in ("utf-16", "utf-32") else "\ufeff"
    put(tmp_path, "bad.py", "").write_bytes((mark + GOOD).encode(coding))
    tools, errors = load_tools(tmp_path)
    assert tools == []
    assert str(errors[0]).endswith("which Python does not read: save it as UTF-8")


def test_a_directory_that_others_may_write_to_is_not_trusted(tmp_path: Path) -> None:
    put(tmp_path, "good.py", GOOD)
    tmp_path.chmod(0o777)
    tools, errors = load_tools(tmp_path)
    assert tools == []
    assert "others may write to it" in str(errors[0])


# ---------------------------------------------------------------- the built-in tools

HOME: dict[str, Device] = {
    "lamp": Pwm(pin=1, say=("lamp", "desk light")),
    "heater": Relay(pin=2),
    "kitchen_light": Rgb(pins=(3, 4, 5)),
    "door": Contact(pin=6),
    "motion": Motion(pin=7),
    "shelf": Distance(trigger=8, echo=9, simulated=1.234),
    "room_temperature": CpuTemperature(),
    "broken": Contact(pin=10),
}


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("set_device", {"device": "desk light", "state": "on"}, "The lamp is on."),
        ("set_device", {"device": "heater", "state": "toggle"}, "The heater is on."),
        ("Set-Device", {"Device": "Desk_Light", "state": "ON"}, "The lamp is on."),
        ("set_device", {"device": "ｌａｍｐ", "state": "on"}, "The lamp is on."),
        ("set_device", {"device": "lamp", "state": "on", "percent": None}, "The lamp is on."),
        ("set_level", {"device": "LAMP", "percent": "30.0"}, "The lamp is at 30 percent."),
        (
            "set_device",
            {"device": "oven", "state": "on"},
            "Error: set_device: device: expected one of desk light, heater, kitchen light, lamp.",
        ),
        ("set_level", {"device": "lamp", "percent": 30}, "The lamp is at 30 percent."),
        ("set_level", {"device": "heater", "percent": 30}, "The heater can only be switched on or off."),
        ("change_level", {"device": "desk light", "direction": "up"}, "The lamp is at 20 percent."),
        ("change_level", {"device": "lamp", "direction": "up", "percent": 35}, "The lamp is at 35 percent."),
        ("change_level", {"device": "lamp", "direction": "down"}, "The lamp is off."),
        (
            "change_level",
            {"device": "lamp", "direction": "up", "percent": 101},
            "Error: change_level: percent: Expected int <= 100, got 101.",
        ),
        (
            "change_level",
            {"device": "heater", "direction": "up"},
            "Error: change_level: device: expected one of desk light, lamp.",
        ),
        ("set_colour", {"device": "kitchen light", "colour": "red"}, "The kitchen light is red."),
        ("blink_device", {"device": "heater", "times": 3}, "The heater blinks 3 times."),
        ("pulse_device", {"device": "lamp", "seconds": 2}, "The lamp is on for 2 seconds."),
        ("read_device", {"device": "lamp"}, "The lamp is off."),
        ("read_device", {"device": "door"}, "The door is open."),
        ("read_device", {"device": "motion"}, "There is no motion."),
        ("read_device", {"device": "shelf"}, "The distance is 1.2 metres."),
        ("read_device", {"device": "room temperature"}, "The temperature is 21.5 degrees."),
        ("read_device", {"device": "broken"}, "Error: devices.broken: the wire is cut: solder it."),
        (
            "list_devices",
            {},
            "The lamp is off, the heater is off and the kitchen light is off; "
            "the door, the motion, the shelf, the room temperature and the broken can be read.",
        ),
        ("current_time", {}, "It is 14:05 on Saturday, 21 November 2026."),
        ("set_volume", {"percent": 40}, "The volume is at 40 percent."),
        ("change_volume", {"direction": "up"}, "The volume is at 100 percent."),
        ("change_volume", {"direction": "down"}, "The volume is at 85 percent."),
        ("mute_microphone", {}, "The microphone is muted; tap the button twice to open it."),
        ("stop_conversation", {}, "The conversation is over."),
        ("forget_conversation", {}, "The conversation is forgotten."),
    ],
)
def test_every_built_in_tool_answers_one_sentence(
    name: str, arguments: dict[str, object], sentence: str
) -> None:
    assert Home(HOME).call(name, **arguments) == sentence


def test_what_the_tools_say_is_what_the_board_does() -> None:
    home = Home(HOME)
    home.call("set_level", device="desk light", percent=30)
    home.call("set_colour", device="kitchen light", colour="blue")
    assert home.board.outputs == {"lamp": 0.3, "heater": 0.0, "kitchen_light": "#0000ff"}
    home.board.simulate("door", True)
    assert home.call("read_device", device="door") == "The door is closed."
    home.call("forget_conversation")
    assert home.done == ["forget"]


def test_tools_are_offered_for_the_devices_there_are() -> None:
    schemas = {schema["name"]: schema["parameters"] for schema in Home(HOME).box.schemas()}
    assert tuple(schemas) == BUILTIN_NAMES
    outputs = ["desk light", "heater", "kitchen light", "lamp"]
    assert schemas["set_device"]["properties"] == {
        "device": {"type": "string", "enum": outputs},
        "state": {"type": "string", "enum": ["off", "on", "toggle"]},
    }
    assert schemas["set_level"]["properties"]["percent"] == {"type": "integer", "minimum": 0, "maximum": 100}
    assert schemas["set_colour"]["properties"]["device"]["enum"] == ["kitchen light"]
    assert schemas["change_level"]["properties"] == {
        "device": {"type": "string", "enum": ["desk light", "lamp"]},
        "direction": {"type": "string", "enum": ["down", "up"]},
        "percent": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    }
    assert schemas["change_level"]["required"] == ["device", "direction"]
    assert schemas["pulse_device"]["properties"]["seconds"] == {
        "type": "number",
        "minimum": 0.1,
        "maximum": 60,
    }
    sensors = ["broken", "door", "motion", "room temperature", "shelf"]
    assert schemas["read_device"]["properties"]["device"]["enum"] == sorted(outputs + sensors)


def test_the_microphone_can_be_muted_by_voice_where_a_button_opens_it_again() -> None:
    home = Home(HOME)
    home.call("mute_microphone")
    assert home.done == ["mute"]
    without = {schema["name"] for schema in Home(HOME, has_button=False).box.schemas()}
    assert set(BUILTIN_NAMES) - without == {"mute_microphone"}


@pytest.mark.parametrize(
    ("devices", "missing", "listed"),
    [
        ({}, {"set_device", "read_device", "set_colour"}, "There are no devices."),
        ({"door": Contact(pin=1)}, {"set_device", "set_colour"}, "The door can be read."),
        ({"lamp": Pwm(pin=1)}, {"set_colour"}, "The lamp is off."),
        ({"heater": Relay(pin=1)}, {"change_level", "set_colour"}, "The heater is off."),
    ],
)
def test_fewer_devices_are_fewer_tools(devices: dict[str, Device], missing: set[str], listed: str) -> None:
    home = Home(devices)
    names = {schema["name"] for schema in home.box.schemas()}
    assert not names & missing
    assert home.call("list_devices") == listed
