"""Language understanding: tools become sentences, and sentences become calls of tools."""
