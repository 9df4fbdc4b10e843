"""A function environment as the agent sees it: a worker that has become somebody's."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from owari.compute.agent import orphans, protocol
from owari.compute.agent.errors import Verdict
from owari.compute.agent.lines import Lines, Shipper, Stream, Tail
from owari.compute.agent.platform import platform_log
from owari.compute.agent.worker import Worker
from owari.compute.runtime import wire


@dataclass(slots=True, eq=False)
class Definition:
    """What the server's `define` frame says of an environment (compute/local.py makes it)."""

    identity: str
    slot: str
    function: str  # whom reserved concurrency is counted for
    arn: str
    version: str
    handler: str
    runtime: str
    memory_mib: int
    timeout_s: float
    code: str
    zip: str
    unzipped_max_bytes: int
    variables: dict[str, str]
    account: str
    region: str
    log_group: str
    logging: dict[str, str] = field(default_factory=dict)  # LoggingConfig
    code_folder: str = ""
    layers: list[dict[str, str]] = field(default_factory=list)
    file_systems: list[dict[str, str]] = field(default_factory=list)
    ephemeral_mib: int = 512
    image: str = ""
    image_config: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Invocation:
    number: int
    call: int  # of the server's connection; protocol.DURABLE: nobody waits
    link: Any
    definition: Definition
    run_id: str
    attempt: int
    request_id: str
    trace: str
    client: str | None
    payload: bytes
    started: float = 0.0
    streaming: bool = False
    cold: bool = False
    cancelled: str = ""
    tail: Tail = field(default_factory=Tail)


CLIENT_MIB = 512  # for a container runtime's own processes


class Owner(Protocol):
    """Told of what happens to an environment."""

    def on_ready(self, environment: Environment) -> None: ...

    def on_answer(self, environment: Environment, kind: int, payload: bytes, *, free: bool) -> None:
        """`free`: it can take another at once; else `on_free` comes."""

    def on_chunk(self, environment: Environment, data: bytes) -> None: ...

    def on_free(self, environment: Environment) -> None: ...

    def on_gone(self, environment: Environment) -> None: ...


class Environment:
    """Implements worker.Holder."""

    def __init__(
        self, owner: Owner, shipper: Shipper, number: int, definition: Definition, worker: Worker
    ) -> None:
        self.owner = owner
        self.shipper = shipper
        self.number = number
        self.definition = definition
        self.worker = worker
        self.stream = Stream(
            definition.account,
            definition.region,
            definition.log_group,
            log_stream_name(definition.version),
        )
        self.invocation: Invocation | None = None
        self.init_started = time.monotonic()
        self.init_ms = 0.0
        self.init_error = b""
        self.ready = False  # it has been initialised
        self.status: int | None = None  # of waitpid, once it has ended
        self.expired = False
        self.container = ""  # its name, where it is one
        self.peak_mib = 0
        self._lines = Lines()
        self._platform = platform_log(definition.logging)
        worker.holder = self

    def initialise(self, meta: dict[str, Any], variables: dict[str, str], words: str) -> None:
        """Tell the worker what it is; `words` say what runs it."""
        definition = self.definition
        self._tell(self._platform.init_start(words))
        client = CLIENT_MIB if self.container else 0
        self.worker.slot.limit(definition.memory_mib + client)
        variables = (
            definition.variables
            | {
                "AWS_LAMBDA_LOG_STREAM_NAME": self.stream.name,
                orphans.ENVIRONMENT_MARK: f"{self.worker.number:0{orphans.DIGITS}d}",
            }
            | variables
        )
        meta = meta | {
            "handler": definition.handler,
            "arn": definition.arn,
            "variables": variables,
        }
        self.worker.send(wire.INIT, protocol.encode(meta).encode("utf-8", "replace"))

    def begin(self, invocation: Invocation, now: float) -> None:
        self.invocation = invocation
        invocation.started = now
        self._tell(self._platform.start(invocation.request_id, self.definition.version))

    def invoke(self, invocation: Invocation, now: float) -> None:
        self.begin(invocation, now)
        self.worker.resume()
        deadline_ms = int((time.time() + self.definition.timeout_s) * 1000)
        meta = [invocation.request_id, deadline_ms, invocation.trace, invocation.client]
        if invocation.streaming:
            meta.append(True)
        self.worker.send(wire.INVOKE, protocol.encode(meta).encode(), invocation.payload)

    def rest(self) -> None:
        """It waits for its next invocation."""
        self.worker.idle = True

    # ---- worker.Holder
    def on_frame(self, kind: int, meta: bytes, payload: bytes) -> None:
        match kind:
            case wire.READY if self.ready:
                self.owner.on_free(self)
            case wire.READY:
                self.ready = True
                self.init_ms = (time.monotonic() - self.init_started) * 1000
                self.owner.on_ready(self)
            case wire.INIT_ERROR:
                self.init_error = payload
                self.init_ms = (time.monotonic() - self.init_started) * 1000
            case wire.RESULT | wire.ERROR if self.invocation is not None:
                self.owner.on_answer(self, kind, payload, free=not meta)
            case wire.CHUNK if self.invocation is not None:
                self.owner.on_chunk(self, payload)

    def on_output(self, data: bytes) -> None:
        for text in self._lines.feed(data):
            self.log(text)

    def on_end(self, status: int | None) -> None:
        self.status = status
        self.end_line()
        self.peak_mib = max(self.peak_mib, self.worker.slot.peak_mib())
        self.owner.on_gone(self)

    # ---- logs
    def log(self, text: str) -> None:
        if self.invocation is not None:
            self.invocation.tail.add(text)
        self.shipper.add(self.stream, text)

    def _tell(self, texts: list[str]) -> None:
        for text in texts:
            self.log(text)

    def end_line(self) -> None:
        """What was printed without a line end is an event of its own."""
        for text in self._lines.finish():
            self.log(text)

    def close_invocation(self, now: float, verdict: Verdict | None) -> dict[str, Any]:
        """Log the end of the invocation; the figures for its report."""
        invocation = self.invocation
        assert invocation is not None
        duration = (now - invocation.started) * 1000
        if verdict is not None and verdict.status == "Status: timeout":
            duration = self.definition.timeout_s * 1000
        used = max(self.peak_mib, self.worker.slot.peak_mib() if not self.worker.ended else 0, 1)
        figures = {
            "cold": invocation.cold,
            "init_ms": round(self.init_ms, 2) if invocation.cold else 0.0,
            "duration_ms": round(duration, 2),
            "billed_ms": max(math.ceil(duration), 1),
            "memory_used_mib": min(used, self.definition.memory_mib),
            "log_stream": self.stream.name,
        }
        self.end_line()
        memory_mib = self.definition.memory_mib
        self._tell(self._platform.end(invocation.request_id, memory_mib, figures, verdict))
        self.invocation = None
        return figures


def log_stream_name(version: str) -> str:
    """`YYYY/MM/DD/[version]32 hex digits`, as Lambda names streams."""
    day = time.strftime("%Y/%m/%d", time.gmtime())
    unique = os.urandom(16).hex()
    return f"{day}/[{version}]{unique}"
