"""Button and microphone: gestures, capture, the utterance."""
