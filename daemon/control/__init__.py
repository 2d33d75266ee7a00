"""The unix socket API: server, request handlers, client."""
