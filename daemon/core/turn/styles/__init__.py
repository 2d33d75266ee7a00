"""The turn styles, one file each: see `daemon.core.turn.style`."""
