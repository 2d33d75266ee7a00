"""Pure signal processing: sample formats, resampler, jitter buffer, earcon synthesis."""
