"""The orders of the public speech-to-intent benchmark as a grammar, and the rates that its peers reach."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Final

from daemon.brain.nlu.grammar import Grammar, Intent, Meaning
from daemon.brain.nlu.template_syntax import compiled, one_of, plain

DRINKS: Final = (
    "americano",
    "cappuccino",
    "espresso",
    "latte",
    "mocha",
    "iced mocha",
    "coffee",
    "drip coffee",
    "house coffee",
    "iced coffee",
)
ORDERING: Final = (
    "brew",
    "can i get",
    "can i have",
    "may i have",
    "i want",
    "id like",
    "get me",
    "give me",
    "make me",
)
DETAILS: Final = {
    "size": "small | medium | large | ( eight | twelve | sixteen | twenty ) ounce",
    "roast": "( light | medium | dark ) roast",
    "numberOfShots": "( single | double | triple ) shot",
}
AMOUNT: Final = "[ some | a [ little ] bit of | a lot of | lots of ]"
MILK: Final = f"{AMOUNT} ( [ almond | soy | skim | whole ] milk | cream )"
SUGAR: Final = f"{AMOUNT} ( [ brown ] sugar | sweetener )"
EXTRAS: Final = (
    f"[ with ( <milkAmount {MILK} > [ and <sugarAmount {SUGAR} > ]"
    f" | <sugarAmount1 {SUGAR} > [ and <milkAmount1 {MILK} > ] ) ]"
)

PUBLISHED: Final = {
    "Rhino": {24: (0.99, 0.99), 18: (0.98, 0.99), 12: (0.98, 0.98), 6: (0.91, 0.96)},
    "LUIS": {24: (0.93, 0.93), 18: (0.91, 0.92), 12: (0.89, 0.90), 6: (0.83, 0.86)},
    "Watson": {24: (0.96, 0.95), 18: (0.94, 0.95), 12: (0.88, 0.89), 6: (0.50, 0.72)},
    "Lex": {24: (0.87, 0.88), 18: (0.87, 0.87), 12: (0.84, 0.85), 6: (0.71, 0.80)},
    "Dialogflow": {24: (0.82, 0.82), 18: (0.82, 0.81), 12: (0.76, 0.78), 6: (0.63, 0.70)},
}
"""By the signal to noise ratio in dB, in the noise of a cafe and of a kitchen."""


class Orders(Grammar):
    """Every order, or every one but those of one drink; nothing else is listened for."""

    def __init__(self, without: str = "") -> None:
        super().__init__([])
        drink = f"<coffeeDrink {' | '.join(drink for drink in DRINKS if drink != without)} >"
        self._pattern = f"{one_of(ORDERING)} [ a | an ] {one_of(_details())} {drink} {EXTRAS}"
        self._parser = compiled(self._pattern)

    @functools.cached_property
    def text(self) -> str:
        """The pattern of every order."""
        return self._pattern

    @functools.cached_property
    def text_when_asked(self) -> str:
        """The same: nothing is asked back here."""
        return self._pattern

    def understand(self, text: str) -> Meaning | None:
        """The order that these words are."""
        found = self._parser.fullmatch(f"{plain(text)} ")
        return order({slot: said for slot, said in found.groupdict().items() if said}) if found else None


def _details() -> Iterator[str]:
    """Each detail once or not at all, in every order; a number tells the slots of the orders apart."""
    for number, names in enumerate(permutations(DETAILS)):
        yield " ".join(f"[ <{name}{number} {DETAILS[name]} > ]" for name in names)


def order(slots: Mapping[str, str]) -> Meaning:
    """An order by its slots."""
    arguments = {slot.rstrip("0123456789"): " ".join(said.split()) for slot, said in slots.items()}
    return Meaning("calls", (Intent("orderDrink", arguments),))
