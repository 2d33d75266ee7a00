"""In the machine: two taps of the button as quick as a hand's. double_tap.py PULL"""

import os
import sys
import time
from pathlib import Path

TAP_S = 0.08
PAUSE_S = 0.1

# A finger is not held up by what the processor is busy with.
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
pull = Path(sys.argv[1])
for level, held_s in (("down", TAP_S), ("up", PAUSE_S), ("down", TAP_S), ("up", PAUSE_S)):
    pull.write_text(f"pull-{level}")
    time.sleep(held_s)
