"""voiced: a voice appliance daemon for single-board computers."""

import os

__version__ = "0.2.0"

# From 1.29 on, onnxruntime identifies the machine and reports to its maker, unless it is told not to before
# its import. No process of voiced does that.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
