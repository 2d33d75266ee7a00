"""In the machine: sit at a terminal as its owner. owner.py USER COMMAND < SCRIPT

SCRIPT is JSON, a list of pairs: wait until the terminal shows this text, then do that. What is to be done
begins with "type " (with Enter after it) or "do " (a shell command, as root). Prints what the terminal
showed; the exit status is the command's.
"""

import json
import os
import pty
import select
import subprocess
import sys
import time

LIMIT_S = 240.0


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, words: list[str]) -> None:
        self.shown = ""
        self._at = 0
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvp(words[0], words)

    def read(self) -> bool:
        """Take in what it shows next; False when the program has ended or shows nothing in time."""
        if not select.select([self._fd], [], [], LIMIT_S)[0]:
            return False
        try:
            shown = os.read(self._fd, 65536)
        except OSError:  # a terminal without a program
            return False
        self.shown += shown.decode(errors="replace")
        return bool(shown)

    def expect(self, text: str) -> bool:
        """Wait for a text after the one before."""
        until = time.monotonic() + LIMIT_S
        while (found := self.shown.find(text, self._at)) < 0:
            if time.monotonic() > until or not self.read():
                return False
        self._at = found + len(text)
        return True

    def type(self, line: str) -> None:
        os.write(self._fd, line.encode() + b"\n")

    def end(self) -> int:
        """Wait for the program's end, and hang up when it shows nothing more; its exit status."""
        while self.read():
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def sit(terminal: Terminal, script: list[list[str]]) -> int:
    for text, deed in script:
        if not terminal.expect(text):
            break
        verb, _, what = deed.partition(" ")
        if verb == "type":
            terminal.type(what)
        else:
            subprocess.run(["bash", "-c", what], check=True)
    return terminal.end()


def main(user: str, command: str) -> int:
    terminal = Terminal(["su", "--login", user, "--command", command])
    status = sit(terminal, json.load(sys.stdin))
    print(terminal.shown)
    return status


sys.exit(main(*sys.argv[1:]))
