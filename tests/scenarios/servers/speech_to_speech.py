"""speech-to-speech: a Realtime server of its own make; its three models are made of paper here."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.servers.installed import python_packages
from tests.scenarios.servers.paper import Paper
from tests.scenarios.servers.server import Program, Server, Words

TORCH = "torch==2.13.0"
"""First, and alone: on a machine without a graphics card take the build for the processor."""
NEEDED = [
    "anyio==4.16.0",
    "fastapi==0.165.0",
    "httpx==0.28.1",
    "huggingface-hub==2.4.0",
    "jsonschema==4.26.0",
    "librosa==0.11.0",
    "lingua-language-detector==2.1.1",
    "nltk==3.10.3",
    "numpy==2.4.6",
    "onnxruntime==1.32.0",
    "openai==2.28.0",
    "pillow==13.0.0",
    "pydantic==2.14.4",
    "PyYAML==6.0.4",
    "rich==15.0.0",
    "scipy==1.17.1",
    "sounddevice==0.5.6",
    "soxr==1.1.0",
    "transformers==5.24.0",
    "uvicorn==0.54.0",
    "websockets==17.4",
]
"""Of what it asks for, only what a server without models of its own uses."""


class SpeechToSpeech(Server):
    """It detects speech whatever it is told, and knows no `input_audio_buffer.clear`."""

    name = "speech-to-speech"
    version = "1.1.0"

    def install(self) -> None:
        without = ["--no-deps", f"speech-to-speech=={self.version}", "silero-vad==6.2.3"]
        python = python_packages(self.folder, [TORCH], without, NEEDED)
        self._paper = Paper()
        launcher = Path(__file__).with_name("launch_speech_to_speech.py")
        where = ["--host", "127.0.0.1", "--port", str(self.port)]
        command: Words = [python, "-P", launcher, "serve", *where, *self._models()]
        env = {"HF_HUB_OFFLINE": "1", "OPENAI_API_KEY": self.key, "NO_PROXY": "127.0.0.1"}
        self._program = Program(command, self.port, self.folder / "server.log", env)

    def _models(self) -> list[str]:
        url = self._paper.url
        ears = ["--stt", "openai", "--openai_stt_base_url", url, "--openai_stt_model", "paper"]
        mind = ["--llm_backend", "chat-completions", "--model_name", "paper"]
        mind += ["--responses_api_base_url", url, "--responses_api_api_key", self.key]
        mouth = ["--tts", "openai", "--openai_tts_base_url", url, "--openai_tts_model", "paper"]
        mouth += ["--openai_tts_voice", "paper"]
        less = ["--no_smart_turn", "--no_enable_live_transcription", "--num_pipelines", "2"]
        return [*ears, *mind, *mouth, *less]

    def start(self) -> None:
        self._program.start()

    def kill(self) -> None:
        self._program.kill()

    def end(self) -> None:
        self._program.end()
        self._paper.end()

    def will_hear(self, text: str) -> None:
        self._paper.hears = text
