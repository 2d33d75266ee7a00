"""The recognisers, a file each: see `daemon.brain.engine`."""
