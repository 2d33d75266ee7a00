"""The detectors of wake words to choose from, a file each: see `daemon.wake.detector`."""
