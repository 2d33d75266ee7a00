"""The offline brain: a Realtime server with speech recognition, understanding and synthesis on the board."""
