"""`make phrasing`: what the brain makes of sentences in writing, for each family of them.

The lists are in `phrasings`: below a family (`== on`) stand the meanings, below each the sentences that have
it. A meaning is a call, several, or the name of a thing to talk about; `refuse` is none. `fresh.txt` was
written before the table of phrasings, by the same hand.
"""

from __future__ import annotations

import argparse
import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from daemon.brain.nlu.grammar import Grammar, Intent, Meaning
from tests.brain.home import home, tool

FOLDER: Final = Path(__file__).with_name("phrasings")
LISTS: Final = ("development", "fresh", "refused", "second")
REFUSE: Final = "refuse"
TO_BE_UNDERSTOOD: Final = "TO BE UNDERSTOOD"
TO_BE_REFUSED: Final = "TO BE REFUSED"

Verdict: TypeAlias = Literal["acted", "asked", "wrong", "asked wrong", "refused"]
VERDICTS: Final[tuple[Verdict, ...]] = ("acted", "asked", "wrong", "asked wrong", "refused")


@dataclass(frozen=True)
class Phrasing:
    """A sentence, its family and what it must mean."""

    family: str
    wanted: str
    text: str


def phrasings(name: str) -> Iterator[Phrasing]:
    """Those of a list."""
    family = wanted = ""
    for line in Path(FOLDER, f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            family = line.removeprefix("== ")
        elif line.startswith("    "):
            yield Phrasing(family, wanted, line.strip())
        elif line and not line.startswith("#"):
            wanted = line


def calls(wanted: str) -> tuple[Intent, ...]:
    """The calls that a meaning writes as Python does; none for the name of a thing to talk about."""
    written = ast.parse(wanted, mode="eval").body
    parts = written.elts if isinstance(written, ast.Tuple) else [written]
    return tuple(_call(part) for part in parts if isinstance(part, ast.Call))


def _call(written: ast.Call) -> Intent:
    arguments = {each.arg or "": ast.literal_eval(each.value) for each in written.keywords}
    return Intent(ast.unparse(written.func), arguments)


def tools(name: str = "development") -> list[dict[str, Any]]:
    """Those of the home that a list is about, and some of an owner."""
    return second_tools() if name == "second" else first_tools()


def second_tools() -> list[dict[str, Any]]:
    """Those of the second list."""
    outputs, sensors = (
        ("lamp", "fan", "heater", "pump", "strip"),
        ("gate", "door", "soil", "temperature", "motion"),
    )
    offered = {each["name"]: each for each in home(outputs, ("strip",), sensors)}
    colour = offered["set_colour"]["parameters"]["properties"]["colour"]
    colour["enum"] = [*colour["enum"], "turquoise"]
    return [
        *offered.values(),
        tool("water_plants", minutes={"type": "integer", "minimum": 1, "maximum": 30}),
        tool("set_scene", scene=_one_of("movie", "dinner", "morning")),
        tool("play_sound", sound=_one_of("rain", "waves", "birds")),
    ]


def first_tools() -> list[dict[str, Any]]:
    """Those of the other lists."""
    return [
        *home(),
        tool("water_plants", minutes={"type": "integer", "minimum": 1, "maximum": 30}),
        tool("set_scene", scene=_one_of("movie", "dinner", "reading")),
        tool("feed_cat"),
        tool("play_sound", sound=_one_of("rain", "waves", "birds")),
        tool("next_bus", stop=_one_of("station", "harbour")),
    ]


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def verdict(phrasing: Phrasing, grammar: Grammar) -> Verdict:
    """What is done about a sentence in writing, and whether that is right."""
    meaning = grammar.read(phrasing.text)
    if meaning is None or meaning.kind == "instead":  # nothing was said before that it could change
        return "refused"
    if means(meaning, phrasing.wanted):
        return "acted" if meaning.sure else "asked"
    return "wrong" if meaning.sure else "asked wrong"


def means(meaning: Meaning, wanted: str) -> bool:
    """It is what was to be understood; the order of calls is of no weight."""
    expected = calls(wanted)
    if not expected:
        return meaning.kind == wanted
    return Counter(map(_spelled, meaning.calls)) == Counter(map(_spelled, expected))


def _spelled(call: Intent) -> str:
    return f"{call.name} {json.dumps(call.arguments, sort_keys=True)}"


def measure(name: str, grammar: Grammar) -> dict[Phrasing, Verdict]:
    """The verdict on each sentence of a list."""
    return {phrasing: verdict(phrasing, grammar) for phrasing in phrasings(name)}


def tally(found: Mapping[Phrasing, Verdict]) -> dict[str, Counter[str]]:
    """How often each verdict was given: by family, then for those to be understood and to be refused."""
    table: dict[str, Counter[str]] = {}
    whole: dict[str, Counter[str]] = {}
    for phrasing, each in found.items():
        table.setdefault(phrasing.family, Counter())[each] += 1
        purpose = TO_BE_REFUSED if phrasing.wanted == REFUSE else TO_BE_UNDERSTOOD
        whole.setdefault(purpose, Counter())[each] += 1
    return table | whole


def report(name: str, table: Mapping[str, Counter[str]]) -> None:
    """One table."""
    print(f"\n{name:18}" + "".join(f"{verdict:>13}" for verdict in (*VERDICTS, "of")))
    for family, counts in table.items():
        figures = [*(counts[verdict] for verdict in VERDICTS), counts.total()]
        share = (counts["acted"] + counts["asked"]) / counts.total()
        right = f"{share:10.0%}" if family == TO_BE_UNDERSTOOD else ""
        print(f"  {family:16}" + "".join(f"{figure:13}" for figure in figures) + right)


def show(found: Mapping[Phrasing, Verdict], wanted: Sequence[str]) -> None:
    """The sentences with one of these verdicts."""
    for phrasing, each in found.items():
        if each in wanted:
            print(f"  {each}: {phrasing.text} [{phrasing.wanted}]")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write every verdict here too")
    parser.add_argument("--show", nargs="*", default=["wrong"], choices=VERDICTS, help="name these sentences")
    options = parser.parse_args()
    everything = {name: measure(name, Grammar(tools(name))) for name in LISTS}
    for name, found in everything.items():
        report(name, tally(found))
        show(found, options.show)
    if options.json:
        rows = {
            name: [{**vars(phrasing), "verdict": each} for phrasing, each in found.items()]
            for name, found in everything.items()
        }
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
