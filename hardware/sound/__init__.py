"""Sound cards by ALSA: discovery, formats, one thread for each direction."""
