"""What every configuration of a service under test has; a test puts its own tables before it."""

from __future__ import annotations

from typing import Final

APPLIANCE: Final = """
[gpio]
backend = "virtual"
[button]
pin = 17
[control]
socket = "{folder}/control.sock"
[state]
directory = "{folder}/state"
[tools]
directory = "{folder}/tools.d"
[sound]
microphone = "{card.microphone}"
speaker = "{card.speaker}"
"""
"""To be filled with a folder and a `VirtualCard`. More keys of the sound may follow."""

RUNTIME: Final = ("{folder}/control.sock", "{folder}/run/control.sock")
"""For `replace`: its runtime directory is a folder of its own."""

LAMPS: Final = """
[lamps.status]
kind = "rgb"
pins = [5, 6, 13]
[devices.lamp]
kind = "pwm"
pin = 22
"""
