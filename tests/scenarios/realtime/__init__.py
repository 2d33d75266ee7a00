"""The promises in real time, over a virtual sound card and real sockets: `make realtime`."""
