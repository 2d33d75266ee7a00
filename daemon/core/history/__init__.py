"""Turns, the history of the conversation, token usage."""
