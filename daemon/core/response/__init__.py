"""The server's responses: tracking, playback, interruption, tool calls."""
