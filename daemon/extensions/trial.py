"""Loads tool files without a service, by children with the same code and limits."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from daemon.extensions.child import IMPORT_LIMIT_S, started
from daemon.extensions.files import ToolFileError, read, tool_files
from daemon.extensions.launch import LocalProcess
from daemon.extensions.messages import ToolOffer
from daemon.extensions.output import Printed
from daemon.extensions.supervisor import chosen


def load_tools(
    directory: Path, taken: Collection[str] = (), limit_s: float = IMPORT_LIMIT_S
) -> tuple[list[str], list[ToolFileError]]:
    """The names of the tools that the files offer, and the faults of files that cannot be used.

    `taken` are names of other tools. A directory that does not exist has no tools.
    """
    try:
        paths = tool_files(directory)
    except ToolFileError as error:
        return [], [error]
    return asyncio.run(_load_all(paths, taken, limit_s))


async def _load_all(
    paths: list[Path], taken: Collection[str], limit_s: float
) -> tuple[list[str], list[ToolFileError]]:
    tried = await asyncio.gather(*(_try(path, limit_s) for path in paths))
    loaded = {path: found for path, found in zip(paths, tried, strict=True) if isinstance(found, list)}
    found, doubles = chosen(loaded, taken)
    refused = [found for found in tried if isinstance(found, ToolFileError)]
    return list(found), [*refused, *doubles.values()]


async def _try(path: Path, limit_s: float) -> list[ToolOffer] | ToolFileError:
    try:
        source = read(path)
        async with started(LocalProcess, Printed(lambda _: None)) as child:
            return await child.load(path, source, limit_s)
    except ToolFileError as error:
        return error
    except OSError as error:
        return ToolFileError(path, 0, f"no process can be started for it ({error.strerror})", "try again")
