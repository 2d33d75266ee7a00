"""In the machine: wait until the control socket tells of a state. await_state.py STATE LIMIT_S"""

import json
import socket
import sys

wanted, limit_s = sys.argv[1], float(sys.argv[2])
control = socket.socket(socket.AF_UNIX)
control.settimeout(limit_s)
control.connect("/run/voiced/control.sock")
control.sendall(b'{"do": "watch"}\n')
for line in control.makefile("rb"):
    if json.loads(line).get("state") == wanted:
        sys.exit(0)
sys.exit("the service has gone")
