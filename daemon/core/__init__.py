"""The pure ring: machines that take events with an explicit time and return effects; no I/O, no clock."""
