"""The command line: of two values for one option none is lost without a word."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import __main__
from daemon.commands.history.reader import HistoryError, moment


def options(
    parser: argparse.ArgumentParser, *words: str
) -> Iterator[tuple[tuple[str, ...], argparse.Action]]:
    """Every option of every subcommand, with the words that lead to it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, each in action.choices.items():
                yield from options(each, *words, name)
        elif action.option_strings:
            yield words, action


VALUES = {"small", "hibari", "1"}
TAKES_ONE = [
    (words, action)
    for words, action in options(__main__._parser())
    if action.nargs is None and not isinstance(action, argparse._AppendAction)
]
TAKES_MORE = [
    (words, action)
    for words, action in options(__main__._parser())
    if action.nargs == "+" or isinstance(action, argparse._AppendAction)
]


def parsed(words: tuple[str, ...], *more: str) -> argparse.Namespace:
    text = ("hello",) if words[-1] in ("ask", "say") else ()
    return __main__._parser().parse_args([*words, *text, *more])


def name(value: object) -> str:
    return value.option_strings[-1] if isinstance(value, argparse.Action) else " ".join(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(("words", "action"), TAKES_ONE, ids=name)
def test_an_option_with_one_value_is_refused_twice(
    words: tuple[str, ...], action: argparse.Action, capsys: pytest.CaptureFixture[str]
) -> None:
    value = str(next(iter(action.choices or ["1"])))
    option = action.option_strings[-1]
    given = vars(parsed(words, option, value))[action.dest]
    assert str(given) in (value, "1.0")
    for twice in ([option, value, option, value], [f"{option}={value}", option, value]):
        with pytest.raises(SystemExit) as caught:
            parsed(words, *twice)
        assert caught.value.code == 2
        assert f"{option}: it is there twice; give it once" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "action"), TAKES_MORE, ids=name)
def test_an_option_with_more_values_adds_them_up(words: tuple[str, ...], action: argparse.Action) -> None:
    option = action.option_strings[-1]
    for _ in range(2):  # and the second command does not begin with what the first was given
        given = vars(parsed(words, option, "A", option, "B"))[action.dest]
        assert list(map(str, given)) == ["A", "B"]


def test_there_are_options_of_both_kinds() -> None:
    assert len(TAKES_ONE) > 20
    assert {action.option_strings[-1] for _, action in TAKES_MORE} == {"--wav", "--origin"}


def test_all_recordings_of_the_demo_are_played() -> None:
    given = parsed(("demo",), "--wav", "A", "B", "--keep", "--wav", "C")
    assert given.wav == [Path("A"), Path("B"), Path("C")]


@pytest.mark.parametrize("seconds", ["nan", "-1", "soon"])
def test_a_pause_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(SystemExit):
        parsed(("brain",), "--idle-exit", seconds)


@pytest.mark.parametrize("text", ["99999999999999d", "9" * 5000 + "w", "", "0000-00-00", "1d-2"])
def test_a_time_beyond_all_calendars_is_a_sentence(text: str) -> None:
    with pytest.raises(HistoryError, match="is no time; write so long ago as in 30m"):
        moment(text)
