"""`voiced stats`: statistics of the journal's records in a time span."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.table import Column, Table

from daemon.commands.history.plot import svg
from daemon.commands.history.reader import WAIT, History, HistoryError, Record, moment
from daemon.commands.terminal import Terminal
from daemon.core.history.usage import Tokens
from daemon.realtime.events import Json
from daemon.telemetry.event_log import LATENCIES
from daemon.telemetry.journal import RecordKind
from daemon.text.printable import complain, say, to_json

PERCENTILES: Final = (50, 90, 99)
_LATENCIES: Final = {name: (name,) for name in LATENCIES} | {"release_to_sound_ms": WAIT}
_TOKENS: Final = tuple(f"{kind}_tokens" for kind in Tokens.__struct_fields__)


def run(since: str, until: str | None, directory: Path | None, *, as_json: bool, picture: Path | None) -> int:
    """Print the statistics of a span; the exit status is 0, or 1 if there are none or they cannot be read."""
    try:
        begin, end = moment(since), moment(until or "0s")
        records = list(History(directory).records(begin, end))
        if not records:
            raise HistoryError(f"voiced has written nothing since {since}; try --since 30d.")
        if picture is not None:
            picture.write_text(svg(records, begin, end), encoding="utf-8")
    except (HistoryError, OSError) as error:
        complain(f"voiced: {error}")
        return 1
    summary = {"since": begin.isoformat(), "until": end.isoformat(), **summarise(records)}
    if as_json:
        say(to_json(summary))
    else:
        Terminal().print(_latencies(summary["latency_ms"]), "", counts(summary))
    return 0


# ---------------------------------------------------------------- figures


def summarise(records: Sequence[Record]) -> Json:
    """All statistics, in the form of `voiced stats --json`."""
    by_kind = {kind: [record for record in records if record.kind is kind] for kind in RecordKind}
    run_ends = [record.kind for record in records if record.kind in (RecordKind.READY, RecordKind.STOPPING)]
    turns = by_kind[RecordKind.TURN]
    return {
        "turns": {
            "total": len(turns),
            "by_source": _count(turns, "source"),
            "interrupted": sum(record.number("interrupted") > 0 for record in turns),
            "in_trouble": sum("trouble" in record.fields for record in turns),
        },
        "tools": dict(
            Counter(name for record in turns for name in str(record.fields.get("tools", "")).split())
        ),
        "latency_ms": {name: _percentiles(_times(turns, parts)) for name, parts in _LATENCIES.items()},
        **_spent([*turns, *by_kind[RecordKind.LATE_TOKENS]]),
        "connection": _connection(by_kind[RecordKind.CONNECTED], by_kind[RecordKind.DISCONNECTED]),
        "xruns": _sum(by_kind[RecordKind.XRUN], "xrun", "count"),
        "faults": _count(by_kind[RecordKind.FAULT], "part"),
        "service": {
            "starts": run_ends.count(RecordKind.READY),
            "restarts_without_a_stop": _crashes(run_ends),
        },
    }


def _count(records: Iterable[Record], name: str) -> Json:
    return dict(Counter(str(record.fields.get(name)) for record in records))


def _sum(records: Iterable[Record], name: str, number: str) -> Json:
    sums: Counter[str] = Counter()
    for record in records:
        sums[str(record.fields.get(name))] += int(record.number(number))
    return dict(sums)


def _times(turns: Iterable[Record], parts: tuple[str, ...]) -> list[float]:
    """Statistics of one latency over all turns that have it, in ms."""
    return [took_ms for record in turns if (took_ms := record.total(parts)) is not None]


def _percentiles(times: list[float]) -> Json:
    if not times:
        return {"count": 0}
    values = np.percentile(times, PERCENTILES)
    return {"count": len(times)} | {
        f"p{percent}": round(float(value), 1) for percent, value in zip(PERCENTILES, values, strict=True)
    }


def _spent(records: list[Record]) -> Json:
    """Tokens and cost; turns without a price are counted apart."""
    unknown = [record for record in records if "cost_usd" not in record.fields]
    return {
        "tokens": {name: int(sum(record.number(name) for record in records)) for name in _TOKENS},
        "cost_usd": round(sum(record.number("cost_usd") for record in records), 6),
        "without_a_price": {"turns": len(unknown), "models": sorted(_count(unknown, "model"))},
    }


def _connection(ready: list[Record], lost: list[Record]) -> Json:
    causes = Counter(record.fields.get("cause") for record in ready)
    return {
        "rotations": causes["worn"],
        "reconnects": causes["lost"] + causes["stalled"],
        "losses": len(lost),
        "away_s": round(sum(record.number("away_s") for record in ready), 1),
    }


def _crashes(run_ends: Sequence[RecordKind]) -> int:
    """Starts that follow a start without a stop: crash, watchdog or power cut."""
    return sum(pair == (RecordKind.READY, RecordKind.READY) for pair in pairwise(run_ends))


# ---------------------------------------------------------------- tables


def _latencies(latencies: Json) -> Table:
    headers = [Column(name, justify="right") for name in (*(f"p{each}" for each in PERCENTILES), "turns")]
    made = Table("ms", *headers, box=None, pad_edge=False, header_style="dim")
    for name, figures in latencies.items():
        values = [f"{figures[f'p{percent}']:.0f}" if figures["count"] else "" for percent in PERCENTILES]
        made.add_row(name.removesuffix("_ms").replace("_", " "), *values, str(figures["count"]))
    return made


def counts(summary: Json) -> Table:
    """The table of counts."""
    turns, connection, service = summary["turns"], summary["connection"], summary["service"]
    made = Table.grid(padding=(0, 2))
    made.add_row("turns", f"{turns['total']} ({_list(turns['by_source'])})")
    made.add_row("", f"{turns['interrupted']} interrupted, {turns['in_trouble']} in trouble")
    made.add_row("tools", _list(summary["tools"]))
    made.add_row("tokens", _list({_plain(name): count for name, count in summary["tokens"].items() if count}))
    made.add_row("cost", _cost(summary))
    made.add_row("connection", _list({_plain(name): value for name, value in connection.items()}))
    made.add_row("xruns", _list(summary["xruns"]))
    made.add_row("faults", _list(summary["faults"]))
    made.add_row("service", _list({_plain(name): value for name, value in service.items()}))
    return made


def _cost(summary: Json) -> str:
    """The cost in words, with the number of turns without a price."""
    text = f"{summary['cost_usd']:.4f} USD without transcription"
    unknown = summary["without_a_price"]
    if unknown["turns"]:
        models = ", ".join(unknown["models"])
        text += f"; {unknown['turns']} turns with {models} have no price, write it into [realtime.prices]"
    return text


def _list(counts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _plain(name: str) -> str:
    return name.removesuffix("_tokens").removesuffix("_s").replace("_", " ")
