"""Handling of foreign text: masking secrets, making it printable, reading files in any encoding."""
