"""What is recorded: the journal, the event log, the wire log, and how much of each."""
