"""The appliance under faults: the real shell and the real brain in virtual time, a hostile network between.

`make faults` walks: every fault, at every event of a reference conversation, one at a time.
"""
