"""The offline brain: a Realtime server that hears, understands and speaks on the board itself."""
