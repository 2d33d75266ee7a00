"""One kind of device in each file; `hardware.devices.registry` finds them."""
