"""Where the key of the cloud is looked for, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.model import Config, RealtimeConfig
from daemon.network.credentials import resolve_key


@pytest.mark.parametrize(
    ("files", "environment", "key"),
    [
        ({}, "", None),
        ({}, "env\n", "env"),
        ({"realtime_key": "\n", "realtime_key_plain": "\n"}, "", None),
        ({"realtime_key": "encrypted\n", "realtime_key_plain": "\n"}, "env", "encrypted"),
        ({"realtime_key": "\n", "realtime_key_plain": "plain"}, "env", "plain"),
        ({"realtime_key": "encrypted", "realtime_key_plain": "plain"}, "", "encrypted"),
    ],
)
def test_the_first_key_there_is_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], environment: str, key: str | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", environment)
    assert resolve_key(Config()) == key


def test_a_file_of_ones_own_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "realtime_key").write_text("systemd's")
    (tmp_path / "own").write_text("own")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = Config(realtime=RealtimeConfig(key_file=str(tmp_path / "own")))
    assert resolve_key(config) == "own"
    assert repr(resolve_key(config)) == "'***'"
