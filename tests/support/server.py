"""A real Owari in its own processes, for acceptance and crash tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.zips import zipped

OWARI = str(Path(sys.executable).parent / "owari")
ROLE = "arn:aws:iam::000000000000:role/test"
PATIENCE_S = 120.0  # a test that works waits a moment; this is for a machine that is busy


def own_port() -> socket.socket:
    """A port that stays ours while the socket is open: who wants any free one gets another. Nobody
    listens on it until a server does that asks for it by its number."""
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    return kept


class Server:
    """`with Server(folder) as server:`; the port stays the same over restarts."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None
        self._kept: list[socket.socket] = []
        self.move()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        down = [OWARI, "down", "--data", str(self.data)]
        subprocess.run(down, capture_output=True, timeout=PATIENCE_S)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for kept in self._kept:
            kept.close()

    def move(self) -> None:
        """To a port of its own, when it is next started."""
        self._kept.append(own_port())
        self.port = int(self._kept[-1].getsockname()[1])
        self.endpoint = f"http://127.0.0.1:{self.port}"

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
        """The page that `owari status` reads; of a server that is away it is waited for."""
        with urllib.request.urlopen(f"{self.endpoint}/_owari/status", timeout=PATIENCE_S) as page:
            found: dict[str, Any] = json.load(page)
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
