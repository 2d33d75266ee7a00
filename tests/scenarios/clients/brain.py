"""The brain that the clients talk to: `voiced brain` as a process, with a key, and TLS in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

KEY = "zoo-key"
_PATIENCE_S = 60


@dataclass(frozen=True)
class Address:
    """Where the brain listens, in the clear and behind TLS; `ca_file` is whom to trust."""

    plain: str
    tls: str
    ca_file: Path


@contextlib.asynccontextmanager
async def brain(folder: Path) -> AsyncIterator[Address]:
    """A brain inside this block; its log is `brain.log` in the folder."""
    key_file = folder / "key"
    key_file.write_text(KEY, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "daemon",
        "brain",
        "--listen",
        "127.0.0.1:0",
        "--key-file",
        str(key_file),
    ]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            plain = await _listening(process)
        with (folder / "brain.log").open("wb") as log:
            copying = asyncio.create_task(_copy(process, log.write))
            port = int(plain.rsplit(":", 1)[1].split("/")[0])
            async with _tls_front(folder, port) as tls_port:
                yield Address(plain, f"https://localhost:{tls_port}/v1/realtime", folder / "ca.pem")
            copying.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr
    while line := (await process.stderr.readline()).decode():
        if line.startswith("listening on "):
            return line.removeprefix("listening on ").strip()
    raise RuntimeError("The brain ended before it listened: is the extra `offline` installed?")


async def _copy(process: asyncio.subprocess.Process, write: Callable[[bytes], object]) -> None:
    assert process.stderr
    while line := await process.stderr.readline():
        write(line)


@contextlib.asynccontextmanager
async def _tls_front(folder: Path, port: int) -> AsyncIterator[int]:
    """Relay TLS connections to this port; gives the port of its own."""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            async with asyncio.TaskGroup() as both:
                both.create_task(_pour(reader, inner_writer))
                both.create_task(_pour(inner_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(folder))
    async with await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context) as server:
        yield int(server.sockets[0].getsockname()[1])


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(2**16):
            writer.write(piece)
            await writer.drain()
    writer.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority."""
    certificate, key = folder / "ca.pem", folder / "ca.key"
    if not certificate.exists():
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "365",
            *subject,
            *files,
        ]
        subprocess.run(command, check=True, capture_output=True)
    return certificate, key
