"""The brain takes over everything that the daemon sends it, and says so."""

from __future__ import annotations

from daemon.realtime.events import Json
from daemon.realtime.session_config import differences, session_config
from tests.brain.scripted import LAMP_AND_FAN
from tests.brain.talk import asynchronous, talking

OWN: Json = {
    "max_output_tokens": 1024,
    "audio": {
        "output": {"voice": "marin", "speed": 1.2},
        "input": {"noise_reduction": {"type": "far_field"}},
    },
}


@asynchronous
async def test_the_brain_has_the_session_that_it_was_sent() -> None:
    for detection in (None, {"type": "server_vad"}):
        session = session_config("Be brief.", LAMP_AND_FAN, detection, True, OWN)
        async with talking() as talk:
            (updated,) = talk.send("session.update", session=session)
        assert differences(session, updated["session"]) == []
