"""A LocalCompute with its own agent in a temporary folder, driven from plain test functions."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import signal
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from owari.compute.local import LocalCompute
from owari.config import Config
from tests.support.zips import zipped

Report = dict[str, Any]
Told = TypeVar("Told")
PATIENCE_S = 120.0  # a test that works waits a moment; this is for a machine that is busy


def warm(ask: Callable[[], Report]) -> Report:
    """What an environment answered that was there already. On a slow machine one that has just
    answered may not be free within a second, and another is started: then it is asked again."""
    for _ in range(10):
        report = ask()
        if report["cold"] is False:
            return report
    raise AssertionError("every call was a cold one")


def in_time(run: Callable[[float], Told], began: Callable[[Told], object]) -> Told:
    """What `run(seconds)` tells of work that is ended when its time is up. On a slow machine that
    may be before it did what is looked for: then it is given more."""
    for seconds in (0.5, 2.0, 8.0, 32.0):
        told = run(seconds)
        if began(told):
            return told
    raise AssertionError(f"it did not begin: {told}")


class Lab:
    """`reports` of durable runs and `logs` as they arrive; `agents` each (re)connect."""

    def __init__(
        self,
        folder: Path,
        *,
        isolation: str = "auto",
        idle_s: float = 600.0,
        gpus: int | None = None,
    ) -> None:
        self.config = Config(data=folder, environments_idle_s=idle_s)
        self.config.blobs.mkdir(parents=True, exist_ok=True)
        self.isolation = isolation
        self.gpus = gpus
        self.started: list[tuple[str, int, float]] = []
        self.capacities: list[list[dict[str, Any]]] = []
        self.runner = asyncio.Runner()
        self.reports: list[Report] = []
        self.logs: list[dict[str, Any]] = []
        self.agents: list[tuple[str, set[tuple[str, int]]]] = []
        self.acknowledge_logs = True
        self.endpoint = "http://127.0.0.1:4566"
        self._number = 0
        self._own = secrets.token_hex(4)  # of a container runtime's names: labs run side by side
        self.compute = self._make()

    def _make(self) -> LocalCompute:
        return LocalCompute(
            self.config,
            endpoint=lambda: self.endpoint,
            on_report=self.reports.append,
            on_logs=self._logged,
            on_agent=lambda instance, known: self.agents.append((instance, known)),
            credentials=lambda account, role, session: {
                "AWS_ACCESS_KEY_ID": f"ASIA{account}",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_SESSION_TOKEN": f"{role}/{session}",
            },
            on_started=lambda run_id, attempt, at: self.started.append((run_id, attempt, at)),
            on_capacity=self.capacities.append,
            isolation=self.isolation,
            gpus=self.gpus,
        )

    def _logged(self, records: list[dict[str, Any]], acknowledge: Callable[[], None]) -> None:
        self.logs += records
        if self.acknowledge_logs:
            acknowledge()

    # ---- life
    def up(self) -> Lab:
        self.runner.run(self.compute.start_agent())
        self.wait(lambda: any(i["version"] for i in self.agent.get("interpreters", [])))
        return self

    def reconnect(self) -> None:
        """Another server over the same data."""
        self.runner.run(self.compute.stop(end_agent=False))
        self.compute = self._make()
        self.up()

    def down(self) -> None:
        self.runner.run(self.compute.stop(end_agent=True))
        self.runner.close()

    @property
    def agent(self) -> dict[str, Any]:
        agents: list[dict[str, Any]] = self.compute.status()["agents"]
        return agents[0] if agents else {}

    @property
    def mark(self) -> str:
        """Of the agent's folder, in names of what it starts."""
        folder = os.fsencode(self.config.agent_folder.resolve())
        return hashlib.sha256(folder).hexdigest()[:16]

    def kill_agent(self) -> None:
        os.kill(self.agent["pid"], signal.SIGKILL)

    def wait(self, what: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
        """Run the loop until `what()` is true; its value."""

        async def look() -> Any:
            deadline = time.monotonic() + within_s
            while not (value := what()):
                assert time.monotonic() < deadline, "it did not happen"
                await asyncio.sleep(0.005)
            return value

        return self.runner.run(look())

    # ---- functions
    def code(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        path = self.config.blobs / digest[:2] / digest
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return digest

    def spec(self, source: str | bytes, event: Any = None, **changes: Any) -> dict[str, Any]:
        """A spec for `source`: the text of app.py, or a whole zip."""
        self._number += 1
        if isinstance(source, str):
            source = zipped({"app.py": textwrap.dedent(source)})
        code = self.code(source)
        name = changes.get("function_name", "f")
        arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"
        return {
            "kind": "function",
            "run_id": f"run-{self._number}",
            "attempt": 1,
            "environment": f"{arn}:{code}",
            "slot": f"{arn}:{code}",
            "function_name": name,
            "function_arn": arn,
            "version": "$LATEST",
            "handler": "app.handler",
            "runtime": "python3.11",
            "memory_mib": 128,
            "timeout_s": 10,
            "ephemeral_mib": 512,
            "code": code,
            "variables": {},
            "account": "123456789012",
            "region": "eu-west-1",
            "role_arn": "arn:aws:iam::123456789012:role/r",
            "log_group": f"/aws/lambda/{name}",
            "logging": {"LogFormat": "Text"},
            "request_id": f"{self._number:08d}-1111-2222-3333-444444444444",
            "trace_id": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "client_context": None,
            "concurrency": None,
            "durable": False,
            "payload": json.dumps(event).encode(),
        } | changes

    async def _invoke(self, specs: list[dict[str, Any]]) -> list[Report]:
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in specs]
        for spec, future in zip(specs, futures, strict=True):
            self.compute.invoke(spec, future.set_result)
        async with asyncio.timeout(PATIENCE_S):
            return list(await asyncio.gather(*futures))

    def invoke_all(self, specs: list[dict[str, Any]]) -> list[Report]:
        return self.runner.run(self._invoke(specs))

    def invoke(self, source: str | bytes, event: Any = None, **changes: Any) -> Report:
        return self.invoke_all([self.spec(source, event, **changes)])[0]

    def stream(
        self,
        source: str | bytes,
        event: Any,
        *,
        heard: Callable[[bytes], None] = lambda _piece: None,
        **changes: Any,
    ) -> tuple[list[bytes], Report]:
        """Invoke a Node.js function for its response in pieces."""
        given = {"runtime": "nodejs20.x", "handler": "index.handler", "streaming": True}
        spec = self.spec(source, event, **(given | changes))
        chunks: list[bytes] = []

        def take(piece: bytes) -> None:
            chunks.append(piece)
            heard(piece)

        async def invoke() -> Report:
            future = asyncio.get_running_loop().create_future()
            self.compute.invoke(spec, future.set_result, take)
            async with asyncio.timeout(PATIENCE_S):
                report: Report = await future
            return report

        return chunks, self.runner.run(invoke())

    def result(self, source: str | bytes, event: Any = None, **changes: Any) -> Any:
        report = self.invoke(source, event, **changes)
        assert report["status"] == "ok", report
        return json.loads(report["payload"])

    def error(self, source: str | bytes, event: Any = None, **changes: Any) -> dict[str, Any]:
        report = self.invoke(source, event, **changes)
        assert report["status"] == "error", report
        payload: dict[str, Any] = json.loads(report["payload"])
        return payload

    def start(self, source: str | bytes, event: Any = None, **changes: Any) -> dict[str, Any]:
        spec = self.spec(source, event, durable=True, **changes)
        self.start_spec(spec)
        return spec

    def process(self, command: str | list[str], **changes: Any) -> dict[str, Any]:
        """A spec for a process run: an argv, or a line for the shell."""
        self._number += 1
        return {
            "kind": "process",
            "run_id": f"job-{self._own}-{self._number}",
            "attempt": 1,
            "durable": True,
            "command": ["sh", "-c", command] if isinstance(command, str) else command,
            "image": "host",
            "variables": {},
            "vcpus": 0.25,
            "memory_mib": 128,
            "gpus": 0,
            "timeout_s": None,
            "mounts": [],
            "tmpfs_mib": {},
            "shm_mib": None,
            "user": None,
            "account": "123456789012",
            "region": "eu-west-1",
            "role_arn": "arn:aws:iam::123456789012:role/r",
            "log_group": "/aws/batch/job",
            "log_stream": f"d/default/{self._number}",
            "payload": b"",
        } | changes

    def run_process(self, command: str | list[str], **changes: Any) -> Report:
        """Run it to its end; acknowledged."""
        spec = self.process(command, **changes)
        self.start_spec(spec)
        report = self.report_of(spec)
        self.acknowledge(report)
        return report

    def output(self, report: Report) -> list[str]:
        """The log lines of a run, once as many bytes have come as it says it wrote."""
        stream = report["log_stream"]
        return [t for r in self.logs if r["stream"] == stream for _, t in r["events"]]

    def printed(self, command: str | list[str], **changes: Any) -> list[str]:
        """What it printed; it must succeed and print something."""
        report = self.run_process(command, **changes)
        assert report["status"] == "ok", report
        self.wait(lambda: self.output(report))
        return self.output(report)

    def start_spec(self, spec: dict[str, Any]) -> None:
        async def start() -> None:
            self.compute.start(spec)

        self.runner.run(start())

    def cancel(self, spec: dict[str, Any]) -> None:
        async def cancel() -> None:
            self.compute.cancel(spec["run_id"], "no longer wanted")

        self.runner.run(cancel())

    def acknowledge(self, report: Report) -> None:
        async def acknowledge() -> None:
            self.compute.acknowledge(report)

        self.runner.run(acknowledge())

    def report_of(self, spec: dict[str, Any]) -> Report:
        key = (spec["run_id"], spec["attempt"])
        found: Report = self.wait(
            lambda: next((r for r in self.reports if (r["run_id"], r["attempt"]) == key), None)
        )
        return found

    def lines(self, request_id: str | None = None) -> list[str]:
        return [text for record in self.logs for _, text in record["events"]]

    def wait_for_line(self, part: str) -> str:
        line: str = self.wait(lambda: next((x for x in self.lines() if part in x), ""))
        return line


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
