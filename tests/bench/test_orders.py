"""The grammar and the sounds of `make orders`."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.brain.nlu.grammar import Intent, Meaning
from tests.bench.coffee import DRINKS, Orders, order
from tests.bench.orders import loudest

ORDERS = Orders()


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ("I'd like an iced mocha", {"coffeeDrink": "iced mocha"}),
        (
            "get me a double shot large dark roast latte",
            {"coffeeDrink": "latte", "size": "large", "roast": "dark roast", "numberOfShots": "double shot"},
        ),
        (
            "brew coffee with a little bit of sugar and soy milk",
            {"coffeeDrink": "coffee", "sugarAmount": "a little bit of sugar", "milkAmount": "soy milk"},
        ),
    ],
)
def test_an_order_is_understood_as_its_label_has_it(said: str, slots: dict[str, str]) -> None:
    assert ORDERS.understand(said) == order(slots) == Meaning("calls", (Intent("orderDrink", slots),))


def test_an_amount_in_a_label_may_begin_with_a_space() -> None:
    assert order({"milkAmount": " soy milk"}) == order({"milkAmount": "soy milk"})


@pytest.mark.parametrize("drink", DRINKS)
def test_a_near_miss_is_an_order_that_its_grammar_lacks(drink: str) -> None:
    assert ORDERS.understand(f"get me a {drink}") is not None
    assert Orders(drink).understand(f"get me a {drink}") is None


def test_noise_is_mixed_by_the_loudest_frame() -> None:
    quiet, loud = np.full(4096, 0.1, np.float32), np.full(2048, 0.5, np.float32)
    assert loudest(np.concatenate([quiet, loud])) == pytest.approx(2048 * 0.25)
