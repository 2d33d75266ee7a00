"""Inputs that once took too long, or that a reader of this kind is known to take too long for."""

from __future__ import annotations

from typing import Final

from tests.scenarios.fuzz.inputs import LARGE_BYTES

_MARKS: Final = "\u0301\u0323"
_FENCED: Final = 60_000
_ITEM: Final = '{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}'
_QUOTED: Final = '"1"'


def _many(piece: str, size: int = LARGE_BYTES) -> str:
    return piece * (size // len(piece.encode()))


def _list(piece: str, size: int = LARGE_BYTES) -> str:
    return f"[{_many(f'{piece},', size)}{piece}]"


_TEXTS: Final[tuple[tuple[str, str], ...]] = (
    ("decode", _list("-1e308")),
    ("decode", f'{{"type":"session.updated","session":{{"x":{_list("1e-308")}}}}}'),
    ("decode", f'{{"type":"response.done","response":{{"output":{_list("null")}}}}}'),
    ("decode", f'{{"type":"error","error":{{"message":"{_many("9")}"}}}}'),
    ("decode", _many("[")),
    ("decode", _many("9")),
    ("configuration", f"{_many('a.')}a = 1"),
    ("configuration", f"{_many('a.', _FENCED)}a = 1"),
    ("configuration", f"[{_many('a.', _FENCED)}a]"),
    ("configuration", f"[realtime]\nsession = {{{_many(' a .', _FENCED)} a = 1}}"),
    ("configuration", f"a = {_many('[')}"),
    ("configuration", _many('"')),
    ("configuration", _many("'", _FENCED)),
    ("configuration", _many("a")),
    ("configuration", _many("a .  ")),
    ("configuration", f"[sound]\n{_many('perod_ms')} = 1"),
    ("configuration", "".join(f"[devices.k{n}]\nkind = 'cpu_temperature'\n" for n in range(6000))),
    ("arguments", f'plain\n{{"seconds": "{_many(" ", _FENCED)}"}}'),
    ("arguments", f"plain\n`{_many(' ', _FENCED)}{{"),
    ("arguments", f"plain\n{_many(' `', _FENCED)}"),
    ("arguments", f'device\n{{"device": "{_many(_MARKS, _FENCED)}"}}'),
    ("arguments", f'device\n{{"{_many(_MARKS, _FENCED)}": 1}}'),
    (
        "arguments",
        f'chosen\n{{"what": {_list(_QUOTED, _FENCED)}, "level": 1, "limits": {{}}}}',
    ),
    ("arguments", "plain\n{" + ",".join(f'"{n}": 1' for n in range(6000)) + ', "5999": 1}'),
    ("arguments", f'listed\n{{"levels": {_many("[", 50_000)}'),
    ("control", _many("[", 60_000)),
    ("control", f'{{"do": "{_many(_MARKS, 60_000)}"}}'),
    ("brain", f'{{"type":"conversation.item.create","item":{{"x":{_list("-1e308")}}}}}'),
    ("brain", f'{{"type":"response.create","response":{{"conversation":"none","input":{_list(_ITEM)}}}}}'),
    ("brain", f'{{"type":"response.create","response":{{"input":{_list(_ITEM, 90_000)}}}}}'),
    ("hints", f"def it({', '.join(f'p{n}: int' for n in range(50_000))}): 'Do it.'"),
    ("hints", f"def it(p: {_many('list[', 150)}int{']' * 30}): 'Do it.'"),
)

KNOWN: Final = tuple((name, text.encode()) for name, text in _TEXTS)
