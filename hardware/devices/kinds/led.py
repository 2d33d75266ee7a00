"""A plain LED."""

from __future__ import annotations

from typing import final

from hardware.devices.kind import Switch


@final
class Led(Switch, tag="led", tag_field="kind", frozen=True, kw_only=True):
    """On or off; it needs no protection interval."""
