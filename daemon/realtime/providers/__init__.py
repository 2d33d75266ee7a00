"""The providers, one file each, with a `PROVIDER` in it."""
