"""In the machine: two taps of the button as quick as a hand's. double_tap.py PULL"""

import sys
import time
from pathlib import Path

TAP_S = 0.08
PAUSE_S = 0.1

pull = Path(sys.argv[1])
for level, held_s in (("down", TAP_S), ("up", PAUSE_S), ("down", TAP_S), ("up", PAUSE_S)):
    pull.write_text(f"pull-{level}")
    time.sleep(held_s)
