"""In the machine: stop one thread of a process as a debugger does. freeze.py PID main|audio

The thread stays stopped as long as this program lives. Prints the monotonic clock when it has stopped.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def audio_thread(process: int) -> int:
    """The first thread that asked for more than its share of the processor: the microphone's."""
    for thread in sorted(int(task.name) for task in Path(f"/proc/{process}/task").iterdir()):
        policy = os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK
        if policy == os.SCHED_FIFO or os.getpriority(os.PRIO_PROCESS, thread) < 0:
            return thread
    sys.exit("no thread of it has a priority of its own")


def ptrace(request: int, thread: int) -> None:
    if libc.ptrace(request, thread, None, None) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))


process = int(sys.argv[1])
thread = process if sys.argv[2] == "main" else audio_thread(process)
ptrace(PTRACE_SEIZE, thread)
ptrace(PTRACE_INTERRUPT, thread)
print(f"{time.monotonic():.3f}", flush=True)
# Whoever traces a thread has to take note of its end, or nobody learns of the end of the process.
while not os.WIFSIGNALED(os.waitpid(thread, WALL)[1]):
    pass
