"""The synthesisers, a file each: see `daemon.brain.engine`."""
