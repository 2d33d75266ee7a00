"""The owner's files in tools.d: each runs in its own child process, so that none can block the service."""
