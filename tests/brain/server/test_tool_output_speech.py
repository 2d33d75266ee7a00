"""What tools have answered, as it is said aloud; and where texts are cut into sentences."""

from __future__ import annotations

import pytest

from daemon.brain.asr.recognizer import Recognition
from daemon.brain.server.dialogue import Act, Dialogue
from daemon.brain.server.tool_output_speech import tell
from daemon.brain.tts.synthesizer import sentences
from hardware.devices.kinds.pwm import Pwm
from hardware.devices.kinds.relay import Relay
from tests.devices.home import Home


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (["The lamp is on."], "The lamp is on."),
        (["The lamp is on.", "The fan is on."], "The lamp and the fan are on."),
        (
            ["The lamp is on.", "The fan is on.", "The heater is on."],
            "The lamp, the fan and the heater are on.",
        ),
        (
            ["The red light is at 50 percent.", "The fan is at 50 percent."],
            "The red light and the fan are at 50 percent.",
        ),
        (["The lamp is on.", "The lamp is on."], "The lamp is on."),
        (["The lamp is on.", "The fan is off."], "The lamp is on. The fan is off."),
        (
            ["The temperature is 21.5 degrees.", "The door is open."],
            "The temperature is 21.5 degrees. The door is open.",
        ),
        (["Error: The heater can only be switched on or off."], "The heater can only be switched on or off."),
        (["Error: no such device", "The lamp is on."], "no such device. The lamp is on."),
        (['{"temperature": 21.5, "rain_today": false}'], "temperature 21.5, rain today No."),
        (['["milk", "bread"]'], "milk, bread."),
        (['"done"'], "done."),
        (["null"], "Done."),
        ([""], "Done."),
        (["{}"], "Done."),
        (['[{"text": "ok"}]'], "ok."),
        (['[{"text": "The lamp is on."}]', "The fan is on."], "The lamp and the fan are on."),
        (['{"type": "text", "text": "ok"}'], "ok."),
        (
            ['[{"type": "text", "text": "One", "annotations": null}, {"type": "text", "text": "two"}]'],
            "One two.",
        ),
        (['{"content": [{"type": "text", "text": "ok"}], "isError": false}'], "ok."),
        (['{"toolUseId": "a", "status": "success", "content": [{"text": "ok"}]}'], "ok."),
        (['{"text": "ok", "volume": 5}'], "text ok, volume 5."),
        (['{"text": 5}'], "text 5."),
        (['[{"json": {"temperature": 21.5}}]'], "temperature 21.5."),
        (['[{"text": "The lamp is on."}, {"text": "The fan is on."}]'], "The lamp is on. The fan is on."),
    ],
)
def test_outputs_become_speech(outputs: list[str], told: str) -> None:
    assert tell(outputs) == told


def test_a_huge_output_is_told_briefly() -> None:
    assert len(tell(["x" * 100_000])) < 400
    assert len(tell(["[" * 100_000])) < 400


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("The lamp is on.", ["The lamp is on."]),
        ("The temperature is 21.5 degrees. The door is open.", 2),
        ("It is 10.30 p.m. now.", 1),
        ("You can say: " + ", ".join(["turn on the kitchen light"] * 9), 4),
    ],
)
def test_a_text_is_spoken_in_pieces_that_are_ready_soon(text: str, pieces: list[str] | int) -> None:
    found = sentences(text)
    assert " ".join(found) == text
    assert found == pieces if isinstance(pieces, list) else len(found) == pieces


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("turn on the lamp and the heater", "The lamp and the heater are on."),
        ("lamp on, heater on", "The lamp and the heater are on."),
        (
            "turn on the heater and the cooler and the lamp",
            "The heater is on. The cooler stays off while the heater is on. The lamp is on.",
        ),
        (
            "set the lamp and the heater to thirty percent",
            "The lamp is at 30 percent. The heater can only be switched on or off.",
        ),
        (
            "turn the lamp on and make it brighter and then turn the heater on",
            "The lamp is on. The lamp is at 100 percent. The heater is on.",
        ),
    ],
)
def test_each_of_several_commands_has_its_own_limits_and_what_failed_is_told(text: str, told: str) -> None:
    heater, cooler = Relay(pin=2, exclusive_with=("cooler",)), Relay(pin=3)
    box = Home({"lamp": Pwm(pin=1), "heater": heater, "cooler": cooler})
    meaning = box.grammar.read(text)
    assert meaning is not None
    act = Dialogue().answer(Recognition(text, meaning, "sure"), box.grammar)
    assert isinstance(act, Act)
    assert tell([box.call(call.name, **call.arguments) for call in act.calls]) == told
