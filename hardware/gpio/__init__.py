"""Pins: the kernel's GPIO lines, device drivers on them, and a virtual board."""
