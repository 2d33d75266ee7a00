"""Commands that read the journal: `voiced log` and `voiced stats`."""
