"""Who may import whom: each folder or module, and all that it imports of ours.

It stands below what it imports. The longest entry that fits a module counts. `test_layers` holds the table
against the syntax trees, in both directions: nothing imports what is not listed, and nothing is listed that
is not imported.
"""

from __future__ import annotations

from typing import Final

_WORLD: Final = ("hardware.ports", "hardware.gpio", "hardware.sound")
_WIRE: Final = ("daemon.realtime",)
_STEP: Final = ("daemon.core.timers", "daemon.core.events", "daemon.core.effects")

LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "hardware.ports": (),
    "hardware.devices": ("hardware.ports",),
    "hardware.gpio.chardev": (),
    "hardware.safe": ("hardware.gpio.chardev",),
    "hardware.gpio": ("hardware.ports", "hardware.devices", "hardware.gpio.chardev", "hardware.safe"),
    "hardware.sound": ("hardware.ports",),
    # Pure, and known to everybody.
    "daemon.errors": (),
    "daemon.text": ("daemon.errors",),
    "daemon.audio": ("hardware.ports",),
    "daemon.audio.echo": ("daemon.errors", "hardware.ports", "daemon.audio"),
    "daemon.devices": ("daemon.errors", "hardware.ports", "hardware.devices"),
    "daemon.realtime": (
        "daemon.errors",
        "daemon.text",
    ),
    # The machine that decides: pure as well.
    "daemon.core.keys": (),
    "daemon.core.timers": (),
    "daemon.core.transitions": ("daemon.errors",),
    "daemon.core.turn.phase": ("daemon.core.transitions",),
    "daemon.core.bounds": _WIRE,
    "daemon.core.history": ("daemon.devices", *_WIRE, "daemon.core.turn.phase"),
    "daemon.core.input_events": ("daemon.audio", "daemon.devices", *_WIRE),
    "daemon.core.events": (
        "daemon.core.input_events",
        "daemon.devices",
        *_WIRE,
        "daemon.core.history",
    ),
    "daemon.core.effects": (*_WIRE, "daemon.core.keys", "daemon.core.events"),
    "daemon.core.input": (*_WIRE, "daemon.core.turn.phase", *_STEP),
    "daemon.core.feedback": ("hardware.ports", "daemon.audio", "daemon.core.timers", "daemon.core.events"),
    "daemon.core.connection": (*_WIRE, "daemon.core.history", *_STEP, "daemon.core.transitions"),
    "daemon.core.response": (
        *("daemon.audio", *_WIRE, "daemon.core.keys", "daemon.core.bounds", "daemon.core.history"),
        *(*_STEP, "daemon.core.transitions", "daemon.core.turn.phase", "daemon.core.connection"),
    ),
    "daemon.core.turn": (
        *(*_WIRE, "daemon.core.transitions", "daemon.core.turn.phase", "daemon.core.bounds"),
        *("daemon.core.history", *_STEP, "daemon.core.input", "daemon.core.response"),
    ),
    "daemon.core.turn.style": (*_WIRE, "daemon.core.events", "daemon.core.input", "daemon.core.turn"),
    "daemon.core.turn.styles": (*_WIRE, "daemon.core.events", "daemon.core.turn.style"),
    "daemon.core.turn.style_registry": ("daemon.core.turn.style", "daemon.core.turn.styles"),
    "daemon.core.session_events": (
        *("daemon.core.bounds", "daemon.core.history", "daemon.core.events", "daemon.core.effects"),
        *(*_WIRE, "daemon.core.connection", "daemon.core.response", "daemon.core.turn"),
    ),
    "daemon.core.machine": (
        *("daemon.devices", *_WIRE, "daemon.core.keys", "daemon.core.history"),
        *(*_STEP, "daemon.core.input", "daemon.core.feedback"),
        *("daemon.core.connection", "daemon.core.response", "daemon.core.turn"),
        *("daemon.core.turn.style_registry", "daemon.core.session_events"),
    ),
    # The engines of the offline brain.
    "daemon.brain.engine": (),
    "daemon.brain.cache": (),
    "daemon.brain.heap": (),
    "daemon.brain.string_table": (),
    "daemon.brain.hibari_tables": ("daemon.brain.cache", "daemon.brain.string_table"),
    "daemon.brain.lean_session": ("daemon.brain.cache",),
    "daemon.brain.nlu": ("hardware.devices",),
    "daemon.brain.asr": (
        *("daemon.errors", "daemon.brain.engine", "daemon.brain.string_table", "daemon.brain.hibari_tables"),
        *("daemon.brain.lean_session", "daemon.brain.nlu"),
    ),
    "daemon.brain.tts": (
        *("daemon.errors", "daemon.audio", *_WIRE, "daemon.brain.engine"),
        *("daemon.brain.hibari_tables", "daemon.brain.lean_session"),
    ),
    "daemon.brain.engine_registry": (
        *("daemon.brain.engine", "daemon.brain.heap", "daemon.brain.asr", "daemon.brain.tts"),
    ),
    # The wake word.
    "daemon.wake": ("hardware.ports", "daemon.errors", "daemon.audio", "daemon.brain.engine"),
    # What the running service is made of, and the service.
    "daemon.config": (
        "daemon.wake",
        "daemon.brain.engine_registry",
        "daemon.core.turn.style_registry",
        "daemon.errors",
        "hardware.ports",
        "hardware.devices",
        "daemon.text",
        "daemon.devices",
        *_WIRE,
    ),
    "daemon.network": ("daemon.errors", "daemon.text", *_WIRE, "daemon.config"),
    "daemon.telemetry": ("daemon.text", *_WIRE, "daemon.core.events", "daemon.config", "daemon.network"),
    "daemon.tools": ("daemon.errors", "hardware.ports", "hardware.devices", "daemon.devices"),
    "daemon.extensions": ("daemon.errors", *_WIRE, "daemon.tools"),
    "daemon.control": ("daemon.errors", "daemon.text", *_WIRE, "daemon.core.events"),
    "daemon.service": (
        *(*_WORLD, "daemon.text", "daemon.audio", "daemon.audio.echo", "daemon.devices", *_WIRE),
        *("daemon.core.history", "daemon.core.events", "daemon.core.feedback"),
        *("daemon.core.turn", "daemon.core.turn.style_registry", "daemon.core.machine"),
        "daemon.core.transitions",
        *("daemon.config", "daemon.network", "daemon.telemetry", "daemon.wake"),
        *("daemon.tools", "daemon.extensions", "daemon.control"),
    ),
    # The offline brain: a process of its own.
    "daemon.brain.server": (
        *("daemon.errors", "hardware.ports", "daemon.text", "daemon.audio", *_WIRE),
        *("daemon.brain.nlu", "daemon.brain.asr", "daemon.brain.tts", "daemon.brain.engine_registry"),
        "daemon.brain.heap",
    ),
    # What people run by hand.
    "daemon.commands": ("daemon.text", "daemon.control"),
    "daemon.commands.doctor": (
        *(*_WORLD, "hardware.devices", "daemon.text", "daemon.audio", "daemon.audio.echo"),
        *("daemon.devices", *_WIRE, "daemon.config", "daemon.network", "daemon.wake"),
        "daemon.core.turn.style_registry",
        *(
            "daemon.tools",
            "daemon.extensions",
            "daemon.control",
            "daemon.brain.engine",
            "daemon.brain.engine_registry",
            "daemon.brain.asr",
            "daemon.commands",
        ),
    ),
    "daemon.commands.setup": (
        *("daemon.errors", *_WORLD, "hardware.devices", "daemon.text", "daemon.devices", *_WIRE),
        *("daemon.config", "daemon.network"),
        *("daemon.core.turn.style_registry", "daemon.control", "daemon.commands"),
        "daemon.commands.doctor",
    ),
    "daemon.commands.demo": (
        *("daemon.errors", "hardware.ports", "daemon.text", "daemon.audio", *_WIRE),
        *("daemon.brain.tts", "daemon.brain.engine_registry", "daemon.config", "daemon.telemetry"),
        *("daemon.control", "daemon.commands"),
    ),
    "daemon.commands.history": (
        "daemon.errors",
        "daemon.text",
        *_WIRE,
        "daemon.core.history",
        "daemon.telemetry",
        "daemon.commands",
    ),
    "daemon.__main__": (
        "daemon.brain.engine_registry",
        *("daemon.text", "daemon.config", "daemon.network", "daemon.service", "daemon.brain.server"),
        *("daemon.commands", "daemon.commands.doctor", "daemon.commands.setup"),
        *("daemon.commands.demo", "daemon.commands.history"),
    ),
}
