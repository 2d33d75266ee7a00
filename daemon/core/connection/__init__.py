"""Connections: sessions, reconnecting, rotation, settings that a server refuses."""
