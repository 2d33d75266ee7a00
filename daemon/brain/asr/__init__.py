"""Speech recognition, restricted to the sentences of a grammar."""
