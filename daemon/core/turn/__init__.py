"""A turn, from the press to the last sample played; turn styles."""
