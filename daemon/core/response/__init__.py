"""The response of the server: tracking, playback, interruption, tool calls."""
