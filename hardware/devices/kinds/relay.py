"""A relay."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, final

import msgspec

from hardware.devices.kind import Switch


@final
class Relay(Switch, tag="relay", tag_field="kind", frozen=True, kw_only=True):
    """On or off; `min_interval_s` keeps its contacts alive."""

    min_interval_s: Annotated[float, msgspec.Meta(ge=0)] = 0.5

    setup_level: ClassVar[Literal["high", "low"] | None] = "low"  # as most relay boards are made
