"""Echo cancellation: what the speaker plays is taken out of what the microphone hears."""
