"""LiteLLM's realtime route, a gateway with a key of its own, in front of `voiced brain`."""

from __future__ import annotations

import json
import sys

from tests.scenarios.servers.installed import python_packages
from tests.scenarios.servers.server import Program, Server, Words, free_port

MODEL = "kitchen"
OFF_LINE = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_MODE": "PRODUCTION",
    "NO_PROXY": "127.0.0.1",
}
"""It would ask the network for prices."""


class LiteLlm(Server):
    """The brain does the hearing and speaking, the gateway stands between."""

    name = "litellm"
    version = "1.108.0"

    @property
    def url(self) -> str:
        return f"{super().url}?model={MODEL}"

    def install(self) -> None:
        python = python_packages(self.folder, [f"litellm[proxy]=={self.version}"])
        port, config = free_port(), self.folder / "config.yaml"
        route = {
            "model_name": MODEL,
            "litellm_params": {
                "model": "openai/gpt-realtime",
                "api_base": f"http://127.0.0.1:{port}",
                "api_key": "sk-behind",
            },
        }
        settings = {"model_list": [route], "general_settings": {"master_key": self.key}}
        config.write_text(json.dumps(settings))  # YAML reads JSON
        brain = [sys.executable, "-m", "daemon", "brain", "--listen", f"127.0.0.1:{port}"]
        gateway: Words = [python.with_name("litellm"), "--config", config, "--host", "127.0.0.1"]
        gateway = [*gateway, "--port", str(self.port)]
        self._brain = Program(brain, port, self.folder / "brain.log")
        self._gateway = Program(gateway, self.port, self.folder / "server.log", OFF_LINE)

    def start(self) -> None:
        if not self._brain.runs:
            self._brain.start()
        self._gateway.start()

    def kill(self) -> None:
        self._gateway.kill()

    def end(self) -> None:
        self._gateway.end()
        self._brain.end()
