"""A valve with words of its own: a kind that the product does not have, in one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

from hardware.devices.kind import Action, Switch


@final
class Valve(Switch, tag="valve", tag_field="kind", frozen=True, kw_only=True):
    """A valve that a coil opens."""

    states: ClassVar[Mapping[str, float]] = {"open": 1.0, "closed": 0.0}
    actions: ClassVar[tuple[Action, ...]] = (
        Action(
            tool="move_valve",
            description="Open or close a valve.",
            words={"open": 1.0, "close": 0.0},
            sentence="{action} {device}",
            example="open {device}",
        ),
    )
