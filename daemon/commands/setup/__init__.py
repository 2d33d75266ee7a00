"""`voiced setup`: asks, tries, writes the configuration and the key, and checks that a turn works.

`draft` edits the text, `questions` has the questions, `asking` gets the answers, `trials` plays and records;
`interview` combines these. Only then `storage` writes, and `service` runs a turn.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.commands.setup import questions, service, storage
from daemon.commands.setup.asking import AnswerFile, Asker, SetupError
from daemon.commands.setup.interview import Interview
from daemon.commands.setup.storage import Places
from daemon.commands.setup.templates import beginning
from daemon.commands.setup.trials import Trials
from daemon.commands.terminal import Terminal
from daemon.config.draft import Draft
from daemon.control.client import ControlError
from daemon.core.turn.style_registry import STYLES
from daemon.text.printable import complain, say
from hardware.ports import HardwareError

if TYPE_CHECKING:
    from daemon.commands.doctor.finding import Finding

_SYSTEM = Places()
_TRIALS = Trials()


def run(
    answers: Path | None,
    board: str | None,
    *,
    dry_run: bool = False,
    places: Places = _SYSTEM,
    trials: Trials = _TRIALS,
) -> int:
    """Set this machine up; the exit status is 0, 1 if it has a fault, 2 if nothing was done."""
    console = Terminal(stderr=dry_run)
    try:
        if os.geteuid() != 0 and places == _SYSTEM and not dry_run:
            raise SetupError("Only root may write the configuration: run `sudo voiced setup`.")
        asker = AnswerFile(answers, console) if answers else Asker(console)
        text, name = beginning(places.config, asker.assume(questions.BOARD, board or questions.BOARD.default))
        draft = Draft(text, name)
        if dry_run:
            return _show(asker, draft, places)
        return _set_up(asker, draft, places, trials)
    except (SetupError, HardwareError, OSError) as error:
        complain(f"voiced setup: {error}")
        return 2


def _show(asker: Asker, draft: Draft, places: Places) -> int:
    """Print what would be written, without trying or stopping anything."""
    key = Interview(asker, draft, None, key_stored=_has_key(places), root=places.root).run()
    asker.say(f"This would go to {places.config}:\n")
    say(draft.text.removesuffix("\n"))
    if key:
        asker.say(f"The key would go to {places.encrypted_key}, or to {places.plain_key}.")
    return 0


def _set_up(asker: Asker, draft: Draft, places: Places, trials: Trials) -> int:
    try:
        tries = asker.assume(questions.TRIALS, "y" if asker.attended else "n")
        with service.paused(asker.say):
            tried = trials if tries else None
            key = Interview(asker, draft, tried, key_stored=_has_key(places), root=places.root).run()
            findings = _write(asker, draft, places, key, trials)
    except KeyboardInterrupt:
        asker.say("\nStopped: everything is as it was.")
        return 130
    for finding in findings:
        style = "red" if finding.level == "error" else "yellow"
        asker.say(f"{finding.sentence} {finding.remedy}", style)
    works = _prove(asker, draft, trials, with_turn=tries)
    return 1 if not works or any(finding.level == "error" for finding in findings) else 0


def _write(asker: Asker, draft: Draft, places: Places, key: str | None, trials: Trials) -> list[Finding]:
    """Write all files or none, then check them as `voiced config check` does."""
    from daemon.text.masking import Secret

    with storage.all_or_nothing(places):
        if key:
            asker.say(f"The key is in {storage.store_key(places, Secret(key))}.")
        storage.write_config(places, draft.text)
        with storage.as_credential(storage.stored_key(places)):
            findings = trials.check(places.config)
    old = f"; the one before is {places.backup}" if places.backup.exists() else ""
    asker.say(f"{places.config} is written{old}.")
    return findings


def _prove(asker: Asker, draft: Draft, trials: Trials, *, with_turn: bool) -> bool:
    """Start the service and let the owner try a turn."""
    socket = Path(draft.config.control.socket)
    asker.say("voiced starts.")
    if not (service.restart() and trials.answers(socket)):
        asker.say(
            "voiced does not run: `sudo systemctl start voiced`, then `journalctl -u voiced`.", "yellow"
        )
        return False
    asker.say("voiced runs.", "green")
    if not with_turn:
        return True
    how = STYLES[draft.config.realtime.turn].how_to_ask.format(words='"what time is it"')
    asker.say(f"Now {how}.")
    try:
        works = service.watch_turn(socket, asker.say)
    except ControlError as error:
        asker.say(str(error), "yellow")
        works = False
    except KeyboardInterrupt:
        return True
    asker.say(
        "It works." if works else "There was no turn: `voiced doctor` finds out why.",
        "green" if works else "yellow",
    )
    return works


def _has_key(places: Places) -> bool:
    return places.encrypted_key.exists() or places.plain_key.exists()
