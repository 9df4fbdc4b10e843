"""What is measured: one Owari in a temporary folder, and the stub beside it."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

OWARI = str(Path(sys.executable).parent / "owari")
ROLE = "arn:aws:iam::000000000000:role/bench"
BIG = 64 * 1024 * 1024


@dataclass(frozen=True)
class Setting:
    """Endpoints of Owari and of the floor, and where Owari keeps its data."""

    owari: str
    stub: str
    data: Path
    listening_s: float
    answering_s: float

    def client(self, service: str, *, floor: bool = False) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.stub if floor else self.owari,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, read_timeout=120, max_pool_connections=32),
        )

    def function(self, name: str, source: str, memory_mib: int = 1769) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", source)
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler="index.handler",
            Timeout=60,
            MemorySize=memory_mib,
            Code={"ZipFile": buffer.getvalue()},
        )
        return str(made["FunctionArn"])


@contextmanager
def setting(folder: Path) -> Iterator[Setting]:
    big = folder / "big"
    big.write_bytes(bytes(range(256)) * (BIG // 256))
    data = folder / "data"
    stub = subprocess.Popen(
        [sys.executable, "-m", "bench.stub", str(big)], stdout=subprocess.PIPE, text=True
    )
    port = _free_port()
    began = time.perf_counter()
    server = subprocess.Popen(
        [OWARI, "up", "--port", str(port), "--data", str(data)], stdout=subprocess.DEVNULL
    )
    try:
        _await_listening(server, port)
        listening = time.perf_counter() - began
        endpoint = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(f"{endpoint}/_owari/health").close()
        answering = time.perf_counter() - began
        assert stub.stdout is not None
        floor = f"http://127.0.0.1:{stub.stdout.readline().strip()}"
        yield Setting(endpoint, floor, data, listening, answering)
    finally:
        subprocess.run([OWARI, "down", "--data", str(data)], check=False, capture_output=True)
        server.wait(20)
        stub.kill()
        stub.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_listening(server: subprocess.Popen[bytes], port: int) -> None:
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.001)
    raise SystemExit(f"owari up ended with {server.returncode}")


def samples(count: int, act: Callable[[], object], warm: int = 20) -> list[float]:
    """Seconds each of `count` calls took, sorted."""
    for _ in range(warm):
        act()
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return sorted(taken)


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]
