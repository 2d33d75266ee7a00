"""From the configured address to an open websocket: providers, credentials, proxy, TLS, dialing."""
