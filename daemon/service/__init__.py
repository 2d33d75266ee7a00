"""The running daemon: builds the parts and connects them to the outside world."""
