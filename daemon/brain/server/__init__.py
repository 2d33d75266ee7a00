"""The Realtime protocol as a server: sessions, conversation items, responses, turn detection."""
