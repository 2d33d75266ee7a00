"""The command line: one function per subcommand, nothing else.

What a subcommand needs is imported when it is called, so that the service starts without the rest.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from daemon import __version__

CONFIG = "/etc/voiced/voiced.toml"
SOCKET = "/run/voiced/control.sock"

VERBS = {
    "status": "show what voiced is doing",
    "press": "press the button",
    "release": "let the button go",
    "stop": "be silent and idle",
    "forget": "forget the conversation",
    "ask": "ask in writing and print the answer",
    "say": "speak a text",
}


def main(argv: list[str] | None = None) -> int:
    """Run a subcommand; the exit status is 0, 1 if it went wrong, 2 if something must be mended first."""
    options = _parser().parse_args(argv)
    call: Callable[[argparse.Namespace], int] = options.call
    try:
        return call(options)
    except KeyboardInterrupt:
        return 130


def run(options: argparse.Namespace) -> int:
    """`voiced run`: the service."""
    from daemon.config import ConfigError, load

    try:
        config = load(options.config)
    except ConfigError as error:
        return _complain(error)
    from daemon.app import run as serve

    return serve(config)


def brain(options: argparse.Namespace) -> int:
    """`voiced brain`: the offline Realtime server."""
    from daemon.brain.server import run_brain

    return run_brain(options.listen, options.engine, options.voice)


def demo(options: argparse.Namespace) -> int:
    """`voiced demo`: the whole appliance on a virtual sound card."""
    from daemon.commands.demo import run as play

    return play(options.out, options.wav, keep=options.keep, card=options.card)


def chat(options: argparse.Namespace) -> int:
    """`voiced chat`: typed turns with the running service."""
    from daemon.commands.chat import run as talk

    return talk(options.socket)


def verb(options: argparse.Namespace) -> int:
    """`voiced status`, `press` and the other requests to the running service."""
    from daemon.commands.verbs import run as request

    text = " ".join(options.text) if "text" in options else None
    return request(options.socket, options.verb, text, as_json=getattr(options, "json", False))


def check(options: argparse.Namespace) -> int:
    """`voiced config check`: everything that can be known before starting."""
    from daemon.commands.check import run as inspect

    return inspect(options.config, as_json=options.json)


def schema(_: argparse.Namespace) -> int:
    """`voiced config schema`: JSON Schema, for editors."""
    import msgspec

    from daemon.config import schema as of_config

    print(msgspec.json.format(msgspec.json.encode(of_config())).decode())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="voiced",
        description="The voice appliance daemon: hold the button, speak, let go.",
        epilog="Begin with `voiced demo`: no key, no sound card and no pins needed.",
    )
    parser.add_argument("--version", action="version", version=f"voiced {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_services(commands)
    _add_demo(commands)
    _add_verbs(commands)
    _add_config(commands)
    return parser


def _add_services(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    server.add_argument(
        "--engine",
        choices=("small", "both"),
        default="small",
        help="both: safer, wants 1 GB (default: %(default)s)",
    )
    server.add_argument(
        "--voice",
        choices=("hibari", "espeak"),
        default="hibari",
        help="espeak: smaller (default: %(default)s)",
    )
    server.set_defaults(call=brain)


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = commands.add_parser("demo", help="show the whole appliance on a virtual sound card")
    show.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("out/demo"), help="default: %(default)s"
    )
    show.add_argument("--wav", metavar="FILE", type=Path, nargs="+", default=[], help="say these instead")
    show.add_argument("--keep", action="store_true", help="keep the working files")
    show.add_argument("--card", metavar="NAME", help="use this real sound card")
    show.set_defaults(call=demo)


def _add_verbs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, help_text in VERBS.items():
        command = commands.add_parser(name, help=help_text)
        _socket_option(command)
        command.set_defaults(call=verb, verb=name)
        if name in ("ask", "say"):
            command.add_argument("text", nargs="+", help="the words")
        if name in ("ask", "status"):
            command.add_argument("--json", action="store_true", help="print JSON for a script")
    talk = commands.add_parser("chat", help="typed turns, with both transcripts as they come")
    _socket_option(talk)
    talk.set_defaults(call=chat)


def _add_config(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    config = commands.add_parser("config", help="check the configuration, or describe it for an editor")
    kinds = config.add_subparsers(required=True, metavar="COMMAND")
    checking = kinds.add_parser("check", help="find everything that would not work; exit status 0 or 2")
    _config_option(checking)
    checking.add_argument("--json", action="store_true", help="print JSON for a script")
    checking.set_defaults(call=check)
    kinds.add_parser("schema", help="print the JSON Schema of the configuration").set_defaults(call=schema)


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", type=Path, default=Path(CONFIG), help="default: %(default)s"
    )


def _socket_option(parser: argparse.ArgumentParser) -> None:
    default = Path(os.environ.get("VOICED_SOCKET", SOCKET))
    parser.add_argument("--socket", metavar="PATH", type=Path, default=default, help="default: %(default)s")


def _complain(error: Exception) -> int:
    print(f"voiced: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
