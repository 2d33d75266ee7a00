"""The cancellers to choose from, one in each file."""
