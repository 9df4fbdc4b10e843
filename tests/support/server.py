"""A real Owari in its own processes, for acceptance and crash tests."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

OWARI = str(Path(sys.executable).parent / "owari")
ROLE = "arn:aws:iam::000000000000:role/test"
PATIENCE_S = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


class Server:
    """`with Server(folder) as server:`; the port stays the same over restarts."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([OWARI, "down", "--data", str(self.data)], capture_output=True, timeout=60)
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def start(self) -> None:
        command = [OWARI, "up", "--port", str(self.port), "--data", str(self.data), *self.options]
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with (self.data.parent / "up.log").open("ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError((self.data.parent / "up.log").read_text())
            if self._is_up(self.process.pid):
                return
            time.sleep(0.005)
        raise AssertionError("owari up does not listen")

    def _is_up(self, pid: int) -> bool:
        try:
            return bool(json.loads((self.data / "server.json").read_text())["pid"] == pid)
        except FileNotFoundError:
            return False

    def kill(self) -> None:
        """SIGKILL of the server process alone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_agent(self) -> None:
        for agent in self.status()["agents"]:
            try:
                os.kill(agent["pid"], signal.SIGKILL)
            except ProcessLookupError:
                continue

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [OWARI, "status", "--json", "--data", str(self.data)],
            capture_output=True,
            check=True,
            timeout=30,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def client(self, service: str, **config: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(**({"retries": {"max_attempts": 0}} | config)),
        )

    def function(self, name: str, source: str, **settings: Any) -> str:
        """Create a Python function `index.handler`; returns its ARN."""
        made = self.client("lambda").create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.12",
                "Role": ROLE,
                "Handler": "index.handler",
                "Timeout": 30,
                "Code": {"ZipFile": zipped({"index.py": source})},
            }
            | settings
        )
        return str(made["FunctionArn"])


def eventually(check: Any, patience_s: float = PATIENCE_S) -> Any:
    """The first truthy result of `check()`, asked for again and again."""
    until = time.monotonic() + patience_s
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < until, f"not within {patience_s} s"
        time.sleep(0.02)
