"""Commands that people run by hand; only these import rich."""
