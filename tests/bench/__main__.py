"""`make bench`: the sound path, the service, and the offline brain in the place of the cloud."""

import subprocess
import sys

for module in ("tests.bench.sound", "tests.bench.calls", "tests.bench.service", "tests.bench.offline"):
    print(f"== {module}", flush=True)
    subprocess.run([sys.executable, "-m", module], check=True)
