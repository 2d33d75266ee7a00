"""Commands that people run by hand; rich and the plotting library are imported here alone."""
