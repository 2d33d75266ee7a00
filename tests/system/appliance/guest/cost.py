"""In the machine: what a process costs over a while. cost.py SECONDS PID"""

import json
import os
import sys
import time
from pathlib import Path


def written(process: Path) -> int:
    fields = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
    return int(fields["write_bytes"])


def cpu_s(process: Path) -> float:
    after_name = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def wakeups(process: Path) -> int:
    statuses = [(task / "status").read_text() for task in (process / "task").iterdir()]
    return sum(int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for status in statuses)


def sectors_written() -> int:
    rows = (line.split() for line in Path("/proc/diskstats").read_text().splitlines())
    return next(int(row[9]) for row in rows if row[2] == "vda")


def figures(process: Path) -> tuple[float, ...]:
    return written(process), cpu_s(process), wakeups(process), sectors_written()


span_s, process = float(sys.argv[1]), Path("/proc", sys.argv[2])
before = figures(process)
time.sleep(span_s)
written_bytes, used_s, woken, sectors = (
    now - then for now, then in zip(figures(process), before, strict=True)
)
print(
    json.dumps(
        {
            "minutes": round(span_s / 60, 1),
            "written_bytes": written_bytes,
            "cpu_percent": round(100 * used_s / span_s, 2),
            "wakeups_per_s": round(woken / span_s, 1),
            "disk_of_all_kb": sectors // 2,
        }
    )
)
