"""In the machine: take a line of the pins' chip and keep it. rival.py LINE

Source: linux/gpio.h, version 2 of the character device.
"""

import fcntl
import os
import struct
import sys
import time
from pathlib import Path

GET_LINE_IOCTL = 0xC250B407
INPUT = 1 << 2

chip = os.open(f"/dev/{Path('/run/pins').resolve().name}", os.O_RDWR)
request = struct.pack("=I252x32sQ264xI28x", int(sys.argv[1]), b"rival", INPUT, 1)
fcntl.ioctl(chip, GET_LINE_IOCTL, bytearray(request))
print("taken", flush=True)
time.sleep(600)
