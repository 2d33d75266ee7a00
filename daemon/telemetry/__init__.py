"""Logs: the journal, the event log, the wire log, and their limits."""
