"""A virtual day: the real shell and the real brain, sessions that expire, and faults all day long.

`python -m tests.scenarios.soak` lives through it, prints a table per hour, and says which promise broke.
"""
