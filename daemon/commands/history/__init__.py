"""What people ask of the past: `voiced log` and `voiced stats`."""
