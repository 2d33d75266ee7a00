"""Which mood the lamp shows when several could be shown."""

from __future__ import annotations

import asyncio

from daemon.core.feedback.status_led import Colour, frame
from daemon.service.status_led import StatusLed


def test_the_turn_comes_first_then_faults_then_the_connection() -> None:
    async def scenario() -> None:
        drawn: list[Colour] = []
        light = StatusLed(drawn.append)
        light.link("ready")
        assert drawn[-1] == frame("idle", 0.0)
        light.link("waiting")
        assert drawn[-1] == frame("offline", 0.0)
        light.link("refused")
        assert drawn[-1] == frame("refused", 0.0)
        light.fault(True)
        assert drawn[-1] == frame("fault", 0.0)
        light.state("listening")
        assert drawn[-1] == frame("listening", 0.0)
        light.alert()
        assert drawn[-1] == frame("trouble", 0.0)

    asyncio.run(scenario())


def test_an_open_microphone_during_an_answer_is_shown() -> None:
    async def scenario() -> None:
        drawn: list[Colour] = []
        light = StatusLed(drawn.append)
        light.state("speaking")
        assert drawn[-1] == frame("speaking", 0.0)
        light.state("listening")
        light.microphone(True)
        assert drawn[-1] == frame("listening", 0.0)
        light.state("speaking")
        assert drawn[-1] == frame("attending", 0.0)
        light.microphone(False)
        assert drawn[-1] == frame("speaking", 0.0)

    asyncio.run(scenario())


def test_a_still_pattern_costs_no_timer() -> None:
    async def scenario() -> None:
        drawn: list[Colour] = []
        light = StatusLed(drawn.append)
        light.state("muted")
        await asyncio.sleep(0.2)
        assert len(drawn) == 1

    asyncio.run(scenario())
