"""The running daemon: the only place that builds the parts and connects them to the world."""
