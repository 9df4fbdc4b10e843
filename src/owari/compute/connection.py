"""One connection of the server to the local agent: frames out, frames in."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

import orjson

from owari.compute.agent import protocol
from owari.compute.base import RunReport, Spec

log = logging.getLogger("owari.compute")

Key = tuple[str, int]

CREDENTIALS_FRESH_S = 12 * 3600.0  # then new environments are given new ones
HELLO_TIMEOUT_S = 30.0
REDEFINE_MAX = 4_096  # definitions remembered per connection


class Owner(Protocol):
    """Whose connection it is: compute/local.py."""

    epoch: int
    endpoint: Callable[[], str]

    def definition(self, spec: Spec, endpoint: str) -> dict[str, Any]: ...

    def report_arrived(self, report: RunReport) -> None: ...

    def logs_arrived(self, records: list[dict[str, Any]], done: Callable[[], None]) -> None: ...

    def process(self, spec: Spec, endpoint: str) -> dict[str, Any]: ...

    def started_arrived(self, runs: list[tuple[str, int, float]]) -> None: ...

    def status_arrived(self, status: dict[str, Any]) -> None: ...

    def kept_arrived(self, environment: str, count: int, why: str) -> None: ...

    def lost(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """One connection to the agent. Frames of one turn of the loop go out together."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.instance = ""
        self.agent_pid = 0
        self.known: set[Key] = set()
        self.capacity: dict[str, Any] = {}
        self.closed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._hello: asyncio.Future[bool] = self._loop.create_future()
        self._frames = protocol.Frames()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._early: list[tuple[dict[str, Any], bytes]] | None = []  # until `begin`
        self._calls: dict[int, tuple[Spec, Callable[[RunReport], None]]] = {}
        self._chunks: dict[int, Callable[[bytes], None]] = {}  # by call
        self._next_call = protocol.DURABLE + 1
        self._defined: dict[tuple[str, str], tuple[int, float]] = {}
        self._definitions = 0
        self._kept: dict[int, str] = {}  # environments to be kept, by definition

    # ---- asyncio.Protocol
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.send({"k": "hello", "version": protocol.VERSION, "epoch": self.owner.epoch})

    def data_received(self, data: bytes) -> None:
        for head, payload in self._frames.feed(data):
            header = orjson.loads(head)
            if header["k"] == "report" and header["call"] != protocol.DURABLE:
                self._answered(header, payload)
            elif header["k"] == "chunk":
                if header["call"] in self._chunks:
                    self._chunks[header["call"]](payload)
            elif self._early is not None and header["k"] not in ("welcome", "refused"):
                self._early.append((header, payload))
            else:
                self._received(header, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self.owner.lost(self)
        if not self._hello.done():
            self._hello.set_result(False)
        calls, self._calls = self._calls, {}
        self._chunks.clear()
        for spec, done in calls.values():
            done(not_run(spec, "lost", "The agent that ran this was lost."))
        self.closed.set()

    # ---- frames from the agent
    async def said_hello(self) -> bool:
        try:
            return await asyncio.wait_for(self._hello, HELLO_TIMEOUT_S)
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
                self.owner.report_arrived(_report(header, payload))
            case "logs":
                self._logs(header["seq"], payload)
            case "started":
                self.owner.started_arrived([(r, a, at) for r, a, at in header["runs"]])
            case "kept" if header["n"] in self._kept:
                environment = self._kept[header["n"]]
                self.owner.kept_arrived(environment, header["count"], header["why"])
            case "status":
                self.owner.status_arrived({k: v for k, v in header.items() if k != "k"})
            case "welcome" if not self._hello.done():
                self.instance = header["instance"]
                self.agent_pid = header["pid"]
                self.capacity = header["capacity"]
                self.known = {(run_id, attempt) for run_id, attempt in header["known"]}
                self._hello.set_result(True)
            case "refused" if not self._hello.done():
                log.error("the agent refuses: %s", header["why"])
                self._hello.set_result(False)

    def _answered(self, header: dict[str, Any], payload: bytes) -> None:
        call = header["call"]
        waiting = self._calls.pop(call, None)
        on_chunk = self._chunks.pop(call, None)
        if waiting is None:
            return
        report = _report(header, payload)
        if on_chunk is not None and report["status"] == "ok" and report["payload"]:
            on_chunk(report["payload"])  # a function that does not stream: one piece
            report["payload"] = b""
        waiting[1](report)

    def _logs(self, seq: int, payload: bytes) -> None:
        def acknowledge() -> None:
            if not self.closed.is_set():
                self.send({"k": "ack_logs", "seq": seq})

        records = orjson.loads(payload)
        records[0]["frame"] = [self.instance, seq]
        self.owner.logs_arrived(records, acknowledge)

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

    def keep(self, spec: Spec, count: int) -> None:
        number = self._definition(spec)
        self._kept[number] = spec["environment"]
        self.send({"k": "keep", "n": number, "count": count})

    def run(
        self,
        spec: Spec,
        done: Callable[[RunReport], None] | None,
        on_chunk: Callable[[bytes], None] | None = None,
    ) -> None:
        call = protocol.DURABLE
        if done is not None:
            call = self._next_call
            self._next_call += 1
            self._calls[call] = (spec, done)
        if spec["kind"] == "process":
            fields = self.owner.process(spec, self.owner.endpoint())
            self.send({"k": "process", "call": call} | fields)
            return
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
        if on_chunk is not None:
            self._chunks[call] = on_chunk
            header["stream"] = True
        self.send(header, spec["payload"])

    def _definition(self, spec: Spec) -> int:
        endpoint = self.owner.endpoint()
        key = (spec["environment"], endpoint)
        now = time.monotonic()
        number, until = self._defined.get(key, (0, 0.0))
        if now < until:
            return number
        forget = [number] if number else []
        if len(self._defined) >= REDEFINE_MAX:
            forget.append(self._defined.pop(next(iter(self._defined)))[0])
        self._definitions += 1
        definition = self.owner.definition(spec, endpoint)
        header = {"k": "define", "n": self._definitions, "forget": forget}
        self.send(header | {"definition": definition})
        self._defined[key] = (self._definitions, now + CREDENTIALS_FRESH_S)
        return self._definitions


def _report(header: dict[str, Any], payload: bytes) -> RunReport:
    cut = len(payload) - header.pop("tail")
    del header["k"], header["call"]
    header["payload"] = payload[:cut]
    header["log_tail"] = payload[cut:]
    return header


def not_run(spec: Spec, status: str, message: str) -> RunReport:
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
