"""The pure core: state machines that take events with their time and return effects; no I/O, no clock."""
