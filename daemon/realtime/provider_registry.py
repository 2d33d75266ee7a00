"""Every provider by its name in the configuration; the offline brain, which is the default, is first."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Final

from daemon.realtime import providers
from daemon.realtime.provider import Provider


def _found() -> Iterator[Provider]:
    for each in pkgutil.iter_modules(providers.__path__):
        yield importlib.import_module(f"{providers.__name__}.{each.name}").PROVIDER


PROVIDERS: Final = {
    each.name: each for each in sorted(_found(), key=lambda each: (not each.is_brain, each.name))
}

BRAIN: Final = next(each for each in PROVIDERS.values() if each.is_brain)
