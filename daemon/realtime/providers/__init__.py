"""The servers that we know, one file each: a file with a `PROVIDER` in it is one more."""
