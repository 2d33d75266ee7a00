"""The booted machine: a bare Debian under emulation, driven from outside as a hand would.

`python -m tests.system.appliance` runs everything, `--smoke` the way to the first answer,
`--only NAME` a scenario or a chapter. The machine is frozen when it has booted, and again when voiced is in
it; each chapter wakes a copy.
"""
