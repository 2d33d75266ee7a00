"""The daemon against servers that nobody here wrote: `make servers`."""
