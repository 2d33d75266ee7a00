"""Text that is not ours: secrets masked, made printable, read from files in any encoding."""
