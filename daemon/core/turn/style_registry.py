"""Every turn style by its name in the configuration."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from daemon.core.turn import styles
from daemon.core.turn.style import TurnStyle

STYLES: Final[dict[str, type[TurnStyle]]] = {
    each.name: importlib.import_module(f"{styles.__name__}.{each.name}").STYLE
    for each in pkgutil.iter_modules(styles.__path__)
}
