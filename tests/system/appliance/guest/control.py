"""In the machine: ask the service at its control socket.

control.py ask TEXT ...             typed turns, one after the other
control.py until KEY is|not|has VALUE LIMIT_S
                                    wait until a part of the status is this, is not, or has it; VALUE is JSON.
                                    Prints the last status; the exit status is 1 if it has not come
"""

import json
import operator
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

SOCKET = "/run/voiced/control.sock"
ANSWER_S = 20.0
TURN_S = 300.0
PAUSE_S = 0.3
RELATIONS = {"is": operator.eq, "not": operator.ne, "has": operator.contains}


def lines(limit_s: float, **request: str) -> Iterator[dict[str, Any]]:
    """What it answers, line by line."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(limit_s)
        connection.connect(SOCKET)
        connection.sendall(json.dumps(request).encode() + b"\n")
        yield from map(json.loads, connection.makefile("rb"))


def ask(*texts: str) -> bool:
    for text in texts:
        print(next(line for line in lines(TURN_S, do="ask", text=text) if "ok" in line), flush=True)
    return True


def until(key: str, relation: str, value: str, limit_s: float) -> bool:
    wanted = json.loads(value)
    end = time.monotonic() + limit_s
    while True:
        try:
            status = next(lines(ANSWER_S, do="status"))
        except (OSError, StopIteration):  # it does not run, or does not answer
            status = {}
        held = bool(status) and RELATIONS[relation](status[key], wanted)
        if held or time.monotonic() > end:
            print(json.dumps(status))
            return held
        time.sleep(PAUSE_S)


match sys.argv[1:]:
    case ["ask", *texts]:
        held = ask(*texts)
    case ["until", key, relation, value, limit]:
        held = until(key, relation, value, float(limit))
    case _:
        sys.exit(__doc__)
sys.exit(not held)
