"""The kinds of outputs and sensors: one file each in `kinds`, and all that the rest asks of them in `kind`.

A kind is the struct that the owner's table in the configuration becomes. What differs between kinds are its
methods and class variables: driver, safe state, value, the sentence that tells a reading, what the setup
assumes. Everybody else asks the struct, or `registry.KINDS` where there is none yet, so that nothing has a
list of kinds to keep up.

Why here: the board needs drivers and safe states, and hardware imports nothing of the daemon. What the daemon
needs beside (tools, sentences, questions) is plain data. Why methods on the struct, and no table of handlers
beside it: mypy and `registry` name what a kind lacks, and a reader finds it all on one page. No kind imports
gpiozero: lines are handed in (`kind.Lines`), so that reading a configuration costs no more than before.
"""
