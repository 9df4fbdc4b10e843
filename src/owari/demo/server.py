"""An Owari of its own for the demo: started on a free port, stopped and cleared away."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config as ClientConfig

START_MAX_S = 30.0
# The console script may not be on the PATH, but this interpreter has the package.
OWARI = [sys.executable, "-m", "owari.cli.main"]


class StartFailed(Exception):
    """`owari up` ended or did not listen; says why."""


class DemoServer:
    """`with DemoServer(folder) as server:`; `endpoint` is where it listens."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.log = data.parent / "server-output.log"
        self.endpoint = ""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> DemoServer:
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*OWARI, "up", "--port", "0", "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the demo, which then stops the server
            )
        try:
            self.endpoint = self._wait(self.process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _wait(self, process: subprocess.Popen[bytes]) -> str:
        until = time.monotonic() + START_MAX_S
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            endpoint = self._announced(process.pid)
            if endpoint:
                return endpoint
            time.sleep(0.01)
        raise StartFailed(self.log.read_text(errors="replace").strip() or "it does not listen")

    def _announced(self, pid: int) -> str:
        try:
            found = json.loads((self.data / "server.json").read_text())
        except (OSError, ValueError):
            return ""
        return str(found.get("endpoint", "")) if found.get("pid") == pid else ""

    def _stop(self) -> None:
        """End the server and everything it runs."""
        command = [*OWARI, "down", "--data", str(self.data)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
        if self.process is None:
            return
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def client(self, service: str) -> Any:
        """A boto3 client, as any program would make it."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="demo",
            aws_secret_access_key="demo",
            config=ClientConfig(retries={"max_attempts": 3, "mode": "standard"}),
        )
