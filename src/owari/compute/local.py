"""Compute on this machine: the server's side of the local agent.

The agent is started detached and outlives the server. After every (re)connect it says which
instance it is and which durable runs it knows; unacknowledged reports and logs come again. What
is heavy about a function is defined once per connection, so an invocation is one small frame.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from owari.compute.agent import protocol
from owari.compute.base import RunReport, Spec
from owari.compute.variables import function_variables
from owari.config import Config
from owari.limits import PROFILES

log = logging.getLogger("owari.compute")

Key = tuple[str, int]

CREDENTIALS_FRESH_S = 12 * 3600.0  # then new environments are given new ones
START_TIMEOUT_S = 30.0
RETRY_S = 0.01
REDEFINE_MAX = 4_096  # definitions remembered per connection


class LocalCompute:
    """Implements compute.base.Compute, on the running event loop.

    `endpoint()` is the address functions are given; `credentials(account, role_arn, session)`
    their AWS_… variables. `on_report` gets the reports of durable runs until `acknowledge`d;
    `on_logs(records, acknowledge)` log records; `on_agent(instance, known)` each (re)connect.
    """

    def __init__(
        self,
        config: Config,
        *,
        endpoint: Callable[[], str],
        on_report: Callable[[RunReport], None],
        on_logs: Callable[[list[dict[str, Any]], Callable[[], None]], None],
        credentials: Callable[[str, str, str], dict[str, str]],
        on_agent: Callable[[str, set[Key]], None] = lambda _instance, _known: None,
        isolation: str = "auto",
    ) -> None:
        self.config = config
        self.isolation = isolation
        self.epoch = time.time_ns()
        self._endpoint = endpoint
        self._on_report = on_report
        self._on_logs = on_logs
        self._on_agent = on_agent
        self._credentials = credentials
        self._agent_pid = 0  # of an agent that is our child
        self._connection: _Connection | None = None
        self._status: dict[str, Any] = {}
        self._waiting: list[tuple[Spec, Callable[[RunReport], None] | None]] = []
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    # ---- the Compute protocol
    def invoke(self, spec: Spec, done: Callable[[RunReport], None]) -> None:
        """Asked before the agent is there, it waits for it."""
        if self._connection is None:
            if self._stopping:
                done(_not_run(spec, "failed", "Owari is stopping."))
                return
            self._waiting.append((spec, done))
        else:
            self._connection.run(spec, done)

    def start(self, spec: Spec) -> None:
        """Before the agent is there this does nothing: `on_agent` tells what to start again."""
        if self._connection is not None:
            self._connection.run(spec, None)

    def cancel(self, run_id: str, reason: str) -> None:
        if self._connection is not None:
            self._connection.send({"k": "cancel", "run_id": run_id, "reason": reason})

    def acknowledge(self, run_id: str, attempt: int) -> None:
        """The report of a durable run is committed: the agent may forget it."""
        if self._connection is not None:
            self._connection.send({"k": "ack", "run_id": run_id, "attempt": attempt})

    # ---- life
    async def start_agent(self) -> None:
        """Connect to the agent, starting one if none answers; keeps connected from then on."""
        await self._try_to_connect()
        self._keeper = asyncio.create_task(self._keep_connected())

    attach = start_agent

    async def _keep_connected(self) -> None:
        while not self._stopping:
            connection = self._connection
            if connection is not None:
                await connection.closed.wait()
            self._reap()
            if not self._stopping:
                log.warning("the agent is gone: looking for it, or starting another")
                await self._try_to_connect()

    async def _try_to_connect(self) -> None:
        """Without an agent nothing runs, but the server serves on and tries again."""
        try:
            await self._connect()
        except OSError as error:
            log.error("no agent: %s", error)
            self._fail_waiting(f"No agent could be started: {error}")
            await asyncio.sleep(RETRY_S)

    async def stop(self, end_agent: bool = False) -> None:
        """Let go of the agent; with `end_agent` it kills everything and ends first."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
        connection = self._connection
        if connection is not None:
            if end_agent:
                pid = connection.agent_pid
                connection.send({"k": "shutdown"})
                connection.flush()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(connection.closed.wait(), 10.0)
                await self._wait_for_end(pid)
            connection.close()
        self._fail_waiting("Owari is stopping.")

    async def _wait_for_end(self, pid: int) -> None:
        """Until the agent has cleaned up behind it."""
        deadline = time.monotonic() + 10.0
        while time.monotonic() < deadline and _is_alive(pid):
            self._reap()
            await asyncio.sleep(0.005)

    def status(self) -> dict[str, Any]:
        """`{"agents": […]}`: pid, instance, isolation tier, environments, running, capacity."""
        return {"agents": [self._status] if self._status else []}

    # ---- connecting
    async def _connect(self) -> None:
        """Raises ConnectionError when no agent can be had."""
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + START_TIMEOUT_S
        started = False
        while time.monotonic() < deadline:
            try:
                _, connection = await loop.create_unix_connection(
                    lambda: _Connection(self), sock=self._dial()
                )
            except OSError:
                if not started or self._reap():
                    self._spawn()
                    started = True
                await asyncio.sleep(RETRY_S)
                continue
            if await connection.said_hello():
                self._connected(connection)
                return
            connection.close()
            await asyncio.sleep(RETRY_S * 10)
        raise ConnectionError(f"the agent does not answer; see {self.config.agent_folder}")

    def _dial(self) -> socket.socket:
        """A socket's address is short; a deep folder is reached through its descriptor."""
        folder = os.open(self.config.agent_folder, os.O_RDONLY | os.O_DIRECTORY)
        dialled = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            dialled.connect(f"/proc/self/fd/{folder}/{self.config.agent_socket.name}")
        except OSError:
            dialled.close()
            raise
        finally:
            os.close(folder)
        dialled.setblocking(False)
        return dialled

    def _spawn(self) -> None:
        """Start the agent in a session of its own, so that no signal to us reaches it."""
        folder = self.config.agent_folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        arguments = ["-P", "-m", "owari.compute.agent", str(folder.resolve()), mark]
        arguments += ["--isolation", self.isolation]
        arguments += ["--idle-s", str(self.config.environments_idle_s)]
        output = os.open(folder / "agent.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        source = str(Path(__file__).parents[2])
        paths = [source, os.environ.get("PYTHONPATH", "")]
        try:
            self._agent_pid = os.posix_spawn(
                sys.executable,
                [sys.executable, *arguments],
                os.environ | {"PYTHONPATH": ":".join(filter(None, paths))},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, output, 2),
                ],
                setsid=True,
                setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
            )
        finally:
            os.close(output)

    def _reap(self) -> bool:
        """Whether an agent that was our child has ended."""
        if not self._agent_pid:
            return False
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(self._agent_pid, os.WNOHANG)[0] == 0:
                return False
        self._agent_pid = 0
        return True

    def _connected(self, connection: _Connection) -> None:
        self._connection = connection
        waiting, self._waiting = self._waiting, []
        for spec, done in waiting:
            connection.run(spec, done)
        self._on_agent(connection.instance, connection.known)
        connection.begin()

    # ---- for the connection
    def _report_arrived(self, report: RunReport) -> None:
        self._on_report(report)

    def _logs_arrived(self, records: list[dict[str, Any]], done: Callable[[], None]) -> None:
        self._on_logs(records, done)

    def _lost(self, connection: _Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._status = {}

    def _fail_waiting(self, why: str) -> None:
        waiting, self._waiting = self._waiting, []
        for spec, done in waiting:
            if done is not None:
                done(_not_run(spec, "failed", why))

    def definition(self, spec: Spec, endpoint: str) -> dict[str, Any]:
        """The heavy part of a spec, as the agent's `Definition` wants it."""
        session = spec["function_name"]
        credentials = self._credentials(spec["account"], spec["role_arn"], session)
        limits = PROFILES[self.config.profile]
        blobs = self.config.blobs.resolve()
        return {
            "identity": f"{spec['environment']}@{endpoint}",
            "slot": spec["slot"],
            "function": f"{spec['account']}:{spec['region']}:{spec['function_name']}",
            "arn": spec["function_arn"],
            "version": spec["version"],
            "handler": spec["handler"],
            "runtime": spec["runtime"],
            "memory_mib": spec["memory_mib"],
            "timeout_s": spec["timeout_s"],
            "code": spec["code"],
            "zip": str(blobs / spec["code"][:2] / spec["code"]),
            "unzipped_max_bytes": limits.function_unzipped_max_bytes,
            "variables": function_variables(spec, endpoint, credentials),
            "account": spec["account"],
            "region": spec["region"],
            "log_group": spec["log_group"],
        }


class _Connection(asyncio.Protocol):
    """One connection to the agent. Frames of one turn of the loop go out together."""

    def __init__(self, compute: LocalCompute) -> None:
        self.compute = compute
        self.instance = ""
        self.agent_pid = 0
        self.known: set[Key] = set()
        self.closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._hello: asyncio.Future[bool] = self._loop.create_future()
        self._frames = protocol.Frames()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._early: list[tuple[dict[str, Any], bytes]] | None = []  # until `begin`
        self._calls: dict[int, tuple[Spec, Callable[[RunReport], None]]] = {}
        self._next_call = protocol.DURABLE + 1
        self._defined: dict[tuple[str, str], tuple[int, float]] = {}
        self._definitions = 0

    # ---- asyncio.Protocol
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.send({"k": "hello", "version": protocol.VERSION, "epoch": self.compute.epoch})

    def data_received(self, data: bytes) -> None:
        for head, payload in self._frames.feed(data):
            header = orjson.loads(head)
            if header["k"] == "report" and header["call"] != protocol.DURABLE:
                self._answered(header, payload)
            elif self._early is not None and header["k"] not in ("welcome", "refused"):
                self._early.append((header, payload))
            else:
                self._received(header, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self.compute._lost(self)
        if not self._hello.done():
            self._hello.set_result(False)
        calls, self._calls = self._calls, {}
        for spec, done in calls.values():
            done(_not_run(spec, "lost", "The agent that ran this was lost."))
        self.closed.set()

    # ---- frames from the agent
    async def said_hello(self) -> bool:
        try:
            return await asyncio.wait_for(self._hello, START_TIMEOUT_S)
        except TimeoutError:
            return False

    def begin(self) -> None:
        """The engine knows the instance now: what arrived meanwhile is handed on."""
        early, self._early = self._early or [], None
        for header, payload in early:
            self._received(header, payload)

    def _received(self, header: dict[str, Any], payload: bytes) -> None:
        match header["k"]:
            case "report":
                self.compute._report_arrived(_report(header, payload))
            case "logs":
                self._logs(header["seq"], payload)
            case "status":
                self.compute._status = {k: v for k, v in header.items() if k != "k"}
            case "welcome" if not self._hello.done():
                self.instance = header["instance"]
                self.agent_pid = header["pid"]
                self.known = {(run_id, attempt) for run_id, attempt in header["known"]}
                self._hello.set_result(True)
            case "refused" if not self._hello.done():
                log.error("the agent refuses: %s", header["why"])
                self._hello.set_result(False)

    def _answered(self, header: dict[str, Any], payload: bytes) -> None:
        waiting = self._calls.pop(header["call"], None)
        if waiting is not None:
            waiting[1](_report(header, payload))

    def _logs(self, seq: int, payload: bytes) -> None:
        def acknowledge() -> None:
            if not self.closed.is_set():
                self.send({"k": "ack_logs", "seq": seq})

        self.compute._logs_arrived(orjson.loads(payload), acknowledge)

    # ---- frames to the agent
    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        if not self._out:
            self._loop.call_soon(self.flush)
        self._out.append(protocol.frame(orjson.dumps(header), payload))

    def flush(self) -> None:
        if self._out and self._transport is not None:
            data, self._out = b"".join(self._out), []
            self._transport.write(data)

    def close(self) -> None:
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def run(self, spec: Spec, done: Callable[[RunReport], None] | None) -> None:
        call = protocol.DURABLE
        if done is not None:
            call = self._next_call
            self._next_call += 1
            self._calls[call] = (spec, done)
        header = {
            "k": "run",
            "n": self._definition(spec),
            "call": call,
            "run_id": spec["run_id"],
            "attempt": spec["attempt"],
            "request_id": spec["request_id"],
            "trace": spec["trace_id"],
            "client": _client_context(spec["client_context"]),
            "concurrency": spec["concurrency"],
        }
        self.send(header, spec["payload"])

    def _definition(self, spec: Spec) -> int:
        endpoint = self.compute._endpoint()
        key = (spec["environment"], endpoint)
        now = time.monotonic()
        number, until = self._defined.get(key, (0, 0.0))
        if now < until:
            return number
        if len(self._defined) >= REDEFINE_MAX:
            self._defined.pop(next(iter(self._defined)))
        self._definitions += 1
        definition = self.compute.definition(spec, endpoint)
        self.send({"k": "define", "n": self._definitions, "definition": definition})
        self._defined[key] = (self._definitions, now + CREDENTIALS_FRESH_S)
        return self._definitions


def _report(header: dict[str, Any], payload: bytes) -> RunReport:
    cut = len(payload) - header.pop("tail")
    del header["k"], header["call"]
    header["payload"] = payload[:cut]
    header["log_tail"] = payload[cut:]
    return header


def _not_run(spec: Spec, status: str, message: str) -> RunReport:
    return {
        "run_id": spec["run_id"],
        "attempt": spec["attempt"],
        "status": status,
        "payload": b"",
        "message": message,
        "cold": False,
        "init_ms": 0.0,
        "duration_ms": 0.0,
        "billed_ms": 0,
        "memory_used_mib": 0,
        "log_stream": "",
        "log_tail": b"",
    }


def _client_context(encoded: str | None) -> str | None:
    """The JSON text that the Invoke API took as base64; None when it is not."""
    if not encoded:
        return None
    with contextlib.suppress(ValueError):
        return base64.b64decode(encoded, validate=True).decode()
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
