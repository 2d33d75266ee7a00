"""The Realtime protocol, for both ends of the wire: events, codec, session configuration, errors."""
