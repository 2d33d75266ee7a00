"""The owner's files in tools.d: each runs in a child process of its own, and none can hold up the service."""
