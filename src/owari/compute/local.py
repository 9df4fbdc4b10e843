"""Compute on this machine: the server's side of the local agent.

The agent is started detached and outlives the server. After every (re)connect it says which
instance it is and which durable runs it knows; unacknowledged reports and logs come again. What
is heavy about a function is defined once per connection, so an invocation is one small frame.
"""

from __future__ import annotations

import asyncio
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

from owari.compute.agent.dialling import dial
from owari.compute.base import RunReport, Spec
from owari.compute.connection import CREDENTIALS_FRESH_S, Connection, not_run
from owari.compute.variables import function_variables, job_variables
from owari.config import Config
from owari.limits import PROFILES

log = logging.getLogger("owari.compute")

Key = tuple[str, int]
Waiting = tuple[Spec, Callable[[RunReport], None], Callable[[bytes], None] | None]

START_TIMEOUT_S = 30.0
RETRY_S = 0.01
NOT_SENT = frozenset({"kind", "payload", "durable", "role_arn"})  # of a process spec


class LocalCompute:
    """Implements compute.base.Compute, on the running event loop.

    `endpoint()` is the address functions are given; `credentials(account, role_arn, session)`
    their AWS_… variables. `on_report` gets the reports of durable runs until `acknowledge`d;
    `on_logs(records, acknowledge)` log records; `on_agent(instance, known)` each (re)connect.
    `on_capacity([{"instance", "vcpus", "memory_mib", "gpus"}])` what jobs may take, each
    (re)connect, before `on_agent`; `[]` when the agent is gone. `on_started(run_id, attempt,
    epoch seconds)`: a process run has begun; not told of one whose report comes at once.
    `on_kept(environment, count, why)`: so many of those to be kept warm are initialised; `why` the
    last could not be, or ''.
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
        on_started: Callable[[str, int, float], None] = lambda _run_id, _attempt, _at: None,
        on_capacity: Callable[[list[dict[str, Any]]], None] = lambda _agents: None,
        on_kept: Callable[[str, int, str], None] = lambda _environment, _count, _why: None,
        isolation: str = "auto",
        gpus: int | None = None,
    ) -> None:
        self.config = config
        self.isolation = isolation
        self.gpus = gpus
        self.epoch = time.time_ns()
        self.endpoint = endpoint
        self._on_report = on_report
        self._on_logs = on_logs
        self._on_agent = on_agent
        self._credentials = credentials
        self.on_started = on_started
        self.on_capacity = on_capacity
        self.on_kept = on_kept
        self._job_variables: dict[tuple[str, str, str], tuple[dict[str, str], float]] = {}
        self._agent_pid = 0  # of an agent that is our child
        self._connection: Connection | None = None
        self._status: dict[str, Any] = {}
        self._waiting: list[Waiting] = []
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    # ---- the Compute protocol
    def invoke(
        self,
        spec: Spec,
        done: Callable[[RunReport], None],
        on_chunk: Callable[[bytes], None] | None = None,
    ) -> None:
        """Asked before the agent is there, it waits for it."""
        if self._connection is None:
            if self._stopping:
                done(not_run(spec, "failed", "Owari is stopping."))
                return
            self._waiting.append((spec, done, on_chunk))
        else:
            self._connection.run(spec, done, on_chunk)

    def start(self, spec: Spec) -> None:
        """Before the agent is there this does nothing: `on_agent` tells what to start again."""
        if self._connection is not None:
            self._connection.run(spec, None)

    def keep_warm(self, spec: Spec, count: int) -> None:
        """Before the agent is there this does nothing: all wishes are told when it is."""
        if self._connection is not None:
            self._connection.keep(spec, count)

    def cancel(self, run_id: str, reason: str) -> None:
        if self._connection is not None:
            self._connection.send({"k": "cancel", "run_id": run_id, "reason": reason})

    def acknowledge(self, report: RunReport) -> None:
        """The report of a durable run is committed: the agent may forget it."""
        if self._connection is not None:
            about = {"run_id": report["run_id"], "attempt": report["attempt"]}
            self._connection.send({"k": "ack", "piece": report.get("piece", 0)} | about)

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
        if connection is None and end_agent:
            connection = await self._meet_starting()
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
        self._connected(await self._meet())

    async def _meet_starting(self) -> Connection | None:
        """An agent of ours that was starting when we were stopped: it would be left behind."""
        with contextlib.suppress(OSError):
            return await self._meet()
        return None

    async def _meet(self) -> Connection:
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                _, connection = await loop.create_unix_connection(
                    lambda: Connection(self), sock=self._dial()
                )
            except OSError:
                self._reap()
                if not self._agent_pid:
                    if self._stopping:
                        break
                    self._spawn()
                await asyncio.sleep(RETRY_S)
                continue
            if await connection.said_hello():
                return connection
            connection.close()
            await asyncio.sleep(RETRY_S * 10)
        raise ConnectionError(f"the agent does not answer; see {self.config.agent_folder}")

    def _dial(self) -> socket.socket:
        dialled = dial(self.config.agent_folder, self.config.agent_socket.name)
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
        if self.gpus is not None:
            arguments += ["--gpus", str(self.gpus)]
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

    def _reap(self) -> None:
        """Forget an agent that was our child and has ended."""
        if self._agent_pid:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self._agent_pid, os.WNOHANG)[0] == 0:
                    return
            self._agent_pid = 0

    def _connected(self, connection: Connection) -> None:
        self._connection = connection
        waiting, self._waiting = self._waiting, []
        for spec, done, on_chunk in waiting:
            connection.run(spec, done, on_chunk)
        self.on_capacity([connection.capacity])
        self._on_agent(connection.instance, connection.known)
        connection.begin()

    # ---- for the connection
    def report_arrived(self, report: RunReport) -> None:
        self._on_report(report)

    def logs_arrived(self, records: list[dict[str, Any]], done: Callable[[], None]) -> None:
        self._on_logs(records, done)

    def started_arrived(self, runs: list[tuple[str, int, float]]) -> None:
        for run_id, attempt, at in runs:
            self.on_started(run_id, attempt, at)

    def kept_arrived(self, environment: str, count: int, why: str) -> None:
        self.on_kept(environment, count, why)

    def status_arrived(self, status: dict[str, Any]) -> None:
        self._status = status

    def lost(self, connection: Connection) -> None:
        if self._connection is connection:
            self._connection = None
            self._status = {}
            if not self._stopping:
                self.on_capacity([])

    def _fail_waiting(self, why: str) -> None:
        waiting, self._waiting = self._waiting, []
        for spec, done, _ in waiting:
            done(not_run(spec, "failed", why))

    def process(self, spec: Spec, endpoint: str) -> dict[str, Any]:
        """A process spec as the agent wants it: with what Owari adds to its variables."""
        key = (spec["account"], spec["role_arn"], endpoint)
        now = time.monotonic()
        added, until = self._job_variables.get(key, ({}, 0.0))
        if now > until:
            credentials = self._credentials(spec["account"], spec["role_arn"], "owari-job")
            added = job_variables(endpoint, credentials)
            self._job_variables[key] = (added, now + CREDENTIALS_FRESH_S)
        made = {k: v for k, v in spec.items() if k not in NOT_SENT}
        region = {"AWS_REGION": spec["region"], "AWS_DEFAULT_REGION": spec["region"]}
        made["variables"] = added | region | spec["variables"]
        return made

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
            "zip": _blob(blobs, spec["code"]),
            "code_folder": spec.get("code_folder") or "",
            "layers": [
                layer if "folder" in layer else layer | {"zip": _blob(blobs, layer["code"])}
                for layer in spec.get("layers") or ()
            ],
            "file_systems": spec.get("file_systems") or [],
            "ephemeral_mib": spec["ephemeral_mib"],
            "image": spec.get("image") or "",
            "image_config": spec.get("image_config") or {},
            "unzipped_max_bytes": limits.function_unzipped_max_bytes,
            "variables": function_variables(spec, endpoint, credentials),
            "account": spec["account"],
            "region": spec["region"],
            "log_group": spec["log_group"],
            "logging": spec["logging"],
        }


def _blob(blobs: Path, digest: str) -> str:
    """Where a blob is; '' for none."""
    return str(blobs / digest[:2] / digest) if digest else ""


def _is_alive(pid: int) -> bool:
    """Whether it is there and has not ended: a zombie waits only for its parent."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != b"Z"
