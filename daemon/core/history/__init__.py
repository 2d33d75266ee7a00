"""What was said, heard and done: turns, the history of the conversation, token usage."""
