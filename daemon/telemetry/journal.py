"""The log: the journal with a message id and fields for each kind of record, or plain lines on stderr.

Only this module writes these kinds, and `voiced log` and `voiced stats` read only them. What people said and
the answers are not recorded unless the owner turns transcripts on; nor are the arguments of tools.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
from contextlib import suppress
from enum import Enum
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from typing import Any, Final

from daemon.telemetry.record_limit import RecordLimit, bounded, last_part
from daemon.text.printable import PlainFormatter, many_lines

try:
    from systemd.journal import JournalHandler
except ImportError:  # not on a systemd machine, or systemd-python is missing
    JournalHandler = None

IDENTIFIER: Final = "voiced"
MAX_WAITING: Final = 1000
FLUSH_S: Final = 1.0

log = logging.getLogger("voiced")


class RecordKind(Enum):
    """The kind of a record; the value is its MESSAGE_ID and never changes."""

    READY = "9c254818aa5f45468174b098077fa889"  # the service is ready
    STOPPING = "4ec596e7068c46eb866c48c3e855f2ef"  # the service was told to stop
    TURN = "2ace847d016849d888b36dd1f505dfbc"  # a turn is over: figures, tools, tokens, cost
    LATE_TOKENS = "aa0e1e3010cc4107b228ef3f644b3e31"  # the tokens of an answer whose turn was over
    TROUBLE = "2b2d4307dc514160b86b962c38c3dca6"  # something was shown to the user
    CONNECTED = "ae8cc79fd5aa457cb4cca1232995b21f"  # a session is ready
    REMARK = "d65f96e750104521a930934ca47be4b3"  # the server said something about what we sent
    SETTINGS = "c466d99cbf974160992f383ac805f3a6"  # the server does not have the settings that it was sent
    DISCONNECTED = "6fb4b2bcd9af4836bd942629f865248e"  # there is no session; tried again until CONNECTED
    FALLBACK = "90b0314325264466972aaf5e3a2447d3"  # the offline brain answers while the server is away
    FAULT = "0711ccad6a024f17933a785f9c6272e7"  # a part does not work
    FAULT_OVER = "8d7645c9011f4900a535700b5ffbc3ca"  # it works again
    XRUN = "dcf383eb10034e24b7d166bfcb23a19b"  # a sound card lost frames or ran dry
    LOSS = "3b0f5c1be5c84a4d9d1d0c2e6a7f48b1"  # audio of an answer, or a frame of the server, was lost
    TOOL = "a6c4960f347a4b5cb6a0788b17c70b07"  # a tool was called
    DEVICE = "22e01373f5a7401d94e1f12c779e4a08"  # an output has another value
    MUTE = "6e89f5ea03b346cfa85fb573bc6615fa"  # the microphone was muted or opened


_LEVELS: Final = {
    RecordKind.TROUBLE: logging.WARNING,
    RecordKind.SETTINGS: logging.WARNING,
    RecordKind.DISCONNECTED: logging.WARNING,
    RecordKind.XRUN: logging.WARNING,
    RecordKind.FAULT: logging.ERROR,
}


_BY_TURNS: Final = (RecordKind.TURN, RecordKind.LATE_TOKENS, RecordKind.TOOL, RecordKind.DEVICE)


def write(kind: RecordKind, message: str, **fields: object) -> None:
    """One record. Fields become VOICED_NAME=value; those that are None are left out."""
    extra = {f"VOICED_{name.upper()}": _text(value) for name, value in fields.items() if value is not None}
    level = _LEVELS.get(kind, logging.INFO)
    log.log(level, "%s", message, extra={"MESSAGE_ID": kind.value, **extra})


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


# ---------------------------------------------------------------- where it goes


def open_log() -> None:
    """From here on all log records are written, and so are errors that end the process or a thread.

    A separate thread writes: a journal that hangs must not stop the voice. Records that it cannot take are
    lost.
    """
    queue: Queue[Any] = Queue(MAX_WAITING)
    _Writer(queue, _to_journal() if _stderr_is_the_journal() else _to_stderr()).start()
    atexit.register(_flush, queue)
    logging.basicConfig(level=logging.INFO, handlers=[_Discreet(queue)])
    logging.getLogger("websockets").setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: _crashed(error)
    threading.excepthook = lambda args: _crashed(args.exc_value)
    sys.unraisablehook = lambda args: _crashed(args.exc_value)


def _crashed(error: BaseException | None) -> None:
    """Log an uncaught error; Python itself would print it unmasked."""
    log.critical("voiced fails, which it never should; please report this.", exc_info=error)


class _Bounded(PlainFormatter):
    """Shortens tracebacks; the end says what was raised, and where."""

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback."""
        return last_part(super().formatException(ei))


class _Discreet(QueueHandler):
    """Queues records as safe text: bounded, without secrets and control sequences."""

    def __init__(self, queue: Queue[Any]) -> None:
        super().__init__(queue)
        self.setFormatter(_Bounded("%(message)s"))
        self.addFilter(RecordLimit([kind.value for kind in _BY_TURNS]))

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """A copy of the record that is text alone."""
        record = super().prepare(bounded(record))
        for name, value in vars(record).items():
            if isinstance(value, str):
                setattr(record, name, many_lines(value))
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Never waits."""
        with suppress(Full):
            super().enqueue(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Log where a record came from that cannot be formatted; logging itself would print its arguments."""
        where = f"{record.name}, line {record.lineno} of {record.filename}"
        lost = {"name": "voiced", "levelno": logging.ERROR, "levelname": "ERROR"}
        self.enqueue(logging.makeLogRecord(lost | {"msg": f"A record of {where} cannot be written."}))


class _Writer(QueueListener):
    """The only thread that writes, without a lock: at exit logging waits for locks."""

    def handle(self, record: logging.LogRecord) -> None:
        """One record."""
        for handler in self.handlers:
            handler.emit(record)


def _stderr_is_the_journal() -> bool:
    """Whether stderr is the journal; JOURNAL_STREAM alone may be inherited (systemd.exec(5))."""
    try:
        status = os.fstat(2)
    except OSError:
        return False
    stream = f"{status.st_dev}:{status.st_ino}"
    return JournalHandler is not None and os.environ.get("JOURNAL_STREAM") == stream


def _to_journal() -> logging.Handler:
    handler: logging.Handler = JournalHandler(SYSLOG_IDENTIFIER=IDENTIFIER)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _to_stderr() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def _flush(queue: Queue[Any]) -> None:
    """Write what is queued at exit, unless the journal hangs."""
    with queue.all_tasks_done:
        queue.all_tasks_done.wait_for(lambda: not queue.unfinished_tasks, FLUSH_S)
