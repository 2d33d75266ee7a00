"""`make bench`: the sound path, then the service."""

import subprocess
import sys

for module in ("tests.bench.sound", "tests.bench.service"):
    print(f"== {module}", flush=True)
    subprocess.run([sys.executable, "-m", module], check=True)
