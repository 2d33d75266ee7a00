"""A buzzer that makes its tone itself."""

from __future__ import annotations

from typing import Annotated, final

import msgspec

from hardware.devices.kind import Switch


@final
class Buzzer(Switch, tag="buzzer", tag_field="kind", frozen=True, kw_only=True):
    """On or off; a buzzer left on for long is a nuisance, so `max_on_s` is 10 unless told otherwise."""

    max_on_s: Annotated[float, msgspec.Meta(gt=0)] | None = 10.0
