"""Tools for the model: the decorator for owners' functions, the checks, the built-in tools."""

from daemon.tools.decorator import (
    MAX_ARGUMENTS,
    BadCallError,
    Tool,
    ToolDefinitionError,
    ToolError,
    marked,
    tool,
)
from daemon.tools.kinds import Range

__all__ = [
    "MAX_ARGUMENTS",
    "BadCallError",
    "Range",
    "Tool",
    "ToolDefinitionError",
    "ToolError",
    "marked",
    "tool",
]
