"""The kinds of outputs and sensors: one file each in `kinds`, and their base classes in `kind`.

A kind is the struct that the owner's table in the configuration becomes. What differs between kinds are its
methods and class variables: driver, safe state, value, the sentence that tells a reading, what the setup
assumes. All other code calls the struct, or `registry.KINDS` where there is none yet, so that no list of
kinds stands anywhere.

Why here: the board needs drivers and safe states, and hardware imports nothing of the daemon. What else the
daemon needs (tools, sentences, questions) is plain data. Why methods on the struct, and no table of handlers
beside it: mypy and `registry` name what a kind lacks, and a reader finds it all on one page. No kind imports
gpiozero: lines are handed in (`kind.Lines`), so that reading a configuration costs no more than before.
"""
