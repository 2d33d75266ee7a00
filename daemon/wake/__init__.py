"""The wake word: detectors to choose from, and what was said right behind the word."""
