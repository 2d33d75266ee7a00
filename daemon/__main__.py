"""The command line: one function per subcommand, nothing else.

Imports are made when a subcommand is called, so that the service starts without the others.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

from daemon import __version__
from daemon.brain.engine_registry import RECOGNIZER, RECOGNIZERS, SYNTHESIZER, SYNTHESIZERS
from daemon.commands.arguments import Parser, seconds
from daemon.text.printable import complain, say, show_crash

CONFIG = "/etc/voiced/voiced.toml"
SOCKET = "/run/voiced/control.sock"

VERBS = {
    "status": "show what voiced is doing",
    "press": "press the button",
    "release": "release the button",
    "stop": "be silent and idle",
    "forget": "forget the conversation",
    "ask": "ask in writing and print the answer",
    "say": "speak a text",
}


def main(argv: list[str] | None = None) -> int:
    """Run a subcommand; the exit status is 0, 1 if it failed, 2 if something must be mended first."""
    sys.excepthook = show_crash
    _take_any_terminal()
    options = _parser().parse_args(argv)
    call: Callable[[argparse.Namespace], int] = options.call
    try:
        return call(options)
    except KeyboardInterrupt:
        return 130


def _take_any_terminal() -> None:
    """Escape characters that the terminal lacks, such as ✓; take any bytes as input."""
    for stream, errors in {sys.stdin: "replace", sys.stdout: "backslashreplace"}.items():
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def run(options: argparse.Namespace) -> int:
    """`voiced run`: the service."""
    from daemon.config.error_messages import ConfigError
    from daemon.config.loader import load

    try:
        config = load(options.config)
    except ConfigError as error:
        return _complain(error)
    from daemon.service.appliance import run as serve

    return serve(config)


def brain(options: argparse.Namespace) -> int:
    """`voiced brain`: the offline Realtime server."""
    from daemon.config.error_messages import ConfigError
    from daemon.config.loader import load
    from daemon.config.model import BrainConfig
    from daemon.config.validation import check_origins

    try:
        settings = load(options.config).brain if options.config else BrainConfig()
        key = _key_of_the_brain(options.key_file or settings.key_file)
        check_origins("--origin", options.origin)
    except ConfigError as error:
        return _complain(error)
    from daemon.brain.engine_registry import begin_loading
    from daemon.brain.server.handshake import Admission
    from daemon.brain.server.server import run_brain

    # Not before the imports above: two threads that import packages with cycles find halves of them.
    loading = begin_loading(options.engine or settings.engine, options.voice or settings.voice)
    admission = Admission(key, (*settings.origins, *options.origin))
    return run_brain(options.listen, loading, options.idle_exit, admission)


def _key_of_the_brain(key_file: str) -> str:
    """The brain's key, empty if it asks for none. Raises ConfigError rather than admit anyone by mistake."""
    from daemon.config.error_messages import ConfigError
    from daemon.network.credentials import find_brain_key

    key, trouble = find_brain_key(key_file)
    if trouble:
        raise ConfigError(trouble)
    return key or ""


def demo(options: argparse.Namespace) -> int:
    """`voiced demo`: the whole appliance on a virtual sound card."""
    from daemon.commands.demo.runner import run as play

    return play(options.out, options.wav, keep=options.keep, card=options.card)


def chat(options: argparse.Namespace) -> int:
    """`voiced chat`: typed turns with the running service."""
    from daemon.commands.chat import run as talk

    return talk(options.socket)


def verb(options: argparse.Namespace) -> int:
    """`voiced status`, `press` and the other requests to the running service."""
    from daemon.commands.verbs import run as request

    text = None
    if "text" in options:
        text = os.fsencode(" ".join(options.text)).decode(errors="replace")  # of another encoding
    return request(options.socket, options.verb, text, as_json=getattr(options, "json", False))


def check(options: argparse.Namespace) -> int:
    """`voiced config check`: checks all that can be known before the start."""
    from daemon.commands.doctor.config_check import run as inspect

    return inspect(options.config, as_json=options.json)


def doctor(options: argparse.Namespace) -> int:
    """`voiced doctor`: checks everything that can go wrong on a machine, each with its remedy."""
    from daemon.commands.doctor.run import run as examine

    return examine(options.config, as_json=options.json, mend=options.fix, audible=options.sound)


def log(options: argparse.Namespace) -> int:
    """`voiced log`: the service's records in the journal."""
    from daemon.commands.history.log import run as show

    return show(
        options.since,
        options.directory,
        follow=options.follow,
        as_json=options.json,
        everything=options.all,
    )


def stats(options: argparse.Namespace) -> int:
    """`voiced stats`: latencies, turns, tokens, cost and faults, from the journal."""
    from daemon.commands.history.stats import run as sum_up

    return sum_up(options.since, options.until, options.directory, as_json=options.json, picture=options.svg)


def setup(options: argparse.Namespace) -> int:
    """`voiced setup`: ask, try, and write the configuration."""
    from daemon.commands.setup import run as set_up

    return set_up(options.answers, options.board, dry_run=options.dry_run)


def schema(_: argparse.Namespace) -> int:
    """`voiced config schema`: JSON Schema, for editors."""
    import msgspec

    from daemon.config.loader import schema as of_config

    say(msgspec.json.format(msgspec.json.encode(of_config())).decode())
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="voiced",
        description="The voice appliance daemon: hold the button, speak, let go.",
        epilog="Begin with `voiced demo`: no key, no sound card and no pins needed.",
    )
    parser.add_argument("--version", action="version", version=f"voiced {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (_add_services, _add_demo, _add_verbs, _add_config, _add_setup, _add_doctor, _add_history):
        add(commands)
    return parser


def _add_services(commands: argparse._SubParsersAction[Parser]) -> None:
    service = commands.add_parser("run", help="serve: microphone, speaker, button, tools")
    _config_option(service)
    service.set_defaults(call=run)
    server = commands.add_parser(
        "brain", help="serve the offline brain: hears, acts and speaks without a network"
    )
    server.add_argument(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1:8765",
        help="HOST:PORT or unix:PATH (default: %(default)s)",
    )
    server.path("--config", "FILE", "take engine and voice from this configuration")
    server.add_argument(
        "--engine",
        choices=RECOGNIZERS,
        help=f"both: safer, wants 1 GB; auto: what fits (default: {RECOGNIZER})",
    )
    server.add_argument("--voice", choices=SYNTHESIZERS, help=f"espeak: smaller (default: {SYNTHESIZER})")
    server.add_argument(
        "--idle-exit",
        metavar="SECONDS",
        type=seconds,
        default=math.inf,
        help="end after so long without a client, if systemd's socket started it (default: never)",
    )
    server.add_argument(
        "--key-file",
        metavar="FILE",
        default="",
        help="over TCP, admit only clients that have the key in this file",
    )
    server.add_argument(
        "--origin",
        metavar="URL",
        action="append",
        default=[],
        help="let web pages of this origin connect, http://HOST:PORT; may be repeated (default: none)",
    )
    server.set_defaults(call=brain)


def _add_demo(commands: argparse._SubParsersAction[Parser]) -> None:
    show = commands.add_parser("demo", help="show the whole appliance on a virtual sound card")
    show.path("--out", "DIR", "default: %(default)s", Path("out/demo"))
    show.add_argument(
        "--wav", metavar="FILE", type=Path, nargs="+", action="extend", default=[], help="say these instead"
    )
    show.flag("--keep", "keep the working files")
    show.add_argument("--card", metavar="NAME", help="use this real sound card")
    show.set_defaults(call=demo)


def _add_verbs(commands: argparse._SubParsersAction[Parser]) -> None:
    for name, help_text in VERBS.items():
        command = commands.add_parser(name, help=help_text)
        _socket_option(command)
        command.set_defaults(call=verb, verb=name)
        if name in ("ask", "say"):
            command.add_argument("text", nargs="+", help="the words")
        if name in ("ask", "status"):
            _json_option(command)
    talk = commands.add_parser("chat", help="typed turns, with both transcripts as they come")
    _socket_option(talk)
    talk.set_defaults(call=chat)


def _add_config(commands: argparse._SubParsersAction[Parser]) -> None:
    config = commands.add_parser("config", help="check the configuration, or describe it for an editor")
    kinds = config.add_subparsers(required=True, metavar="COMMAND")
    checking = kinds.add_parser("check", help="find everything that would not work; exit status 0 or 2")
    _config_option(checking)
    _json_option(checking)
    checking.set_defaults(call=check)
    kinds.add_parser("schema", help="print the JSON Schema of the configuration").set_defaults(call=schema)


def _add_setup(commands: argparse._SubParsersAction[Parser]) -> None:
    asking = commands.add_parser("setup", help="set this machine up: sound, button, devices, key; needs root")
    asking.path("--answers", "FILE", "take the answers from this TOML file")
    asking.add_argument("--board", metavar="NAME", help="begin with the example of a board, such as wm8960")
    asking.flag("--dry-run", "show what it would write, and change nothing")
    asking.set_defaults(call=setup)


def _add_doctor(commands: argparse._SubParsersAction[Parser]) -> None:
    doctoring = commands.add_parser(
        "doctor", help="examine the whole machine; exit status 0, 1 (warnings) or 2 (broken)"
    )
    _config_option(doctoring)
    _json_option(doctoring)
    doctoring.flag("--fix", "do what is safe and reversible; needs root")
    doctoring.flag("--sound", "play a tone and listen for it; the service must be stopped")
    doctoring.set_defaults(call=doctor)


def _add_history(commands: argparse._SubParsersAction[Parser]) -> None:
    showing = commands.add_parser("log", help="show turns, connection and faults from the journal")
    _history_options(showing)
    showing.flag("--follow", "go on as more is written")
    showing.flag("--all", "tool calls, devices and plain lines as well")
    showing.set_defaults(call=log)
    summing = commands.add_parser("stats", help="latencies, tokens, cost and troubles of a span")
    _history_options(summing)
    summing.add_argument("--until", metavar="WHEN", help="the end of the span (default: now)")
    summing.path("--svg", "FILE", "draw a picture as well")
    summing.set_defaults(call=stats)


def _history_options(parser: Parser) -> None:
    about = "so long ago (30m, 24h, 7d) or a date (default: %(default)s)"
    parser.add_argument("--since", metavar="WHEN", default="24h", help=about)
    parser.path("--directory", "DIR", "read the journal files in this directory")
    _json_option(parser)


def _json_option(parser: Parser) -> None:
    parser.flag("--json", "print JSON for a script")


def _config_option(parser: Parser) -> None:
    parser.path("--config", "FILE", "default: %(default)s", Path(CONFIG))


def _socket_option(parser: Parser) -> None:
    default = Path(os.environ.get("VOICED_SOCKET", SOCKET))
    parser.path("--socket", "PATH", "default: %(default)s", default)


def _complain(error: Exception) -> int:
    complain(f"voiced: {error}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
