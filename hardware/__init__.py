"""Sound cards and pins: real ones, and virtual ones behind the same ports. Imports nothing of daemon."""
