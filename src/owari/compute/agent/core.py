"""The agent: what the server asks, what the pool decides, what the environments do.

It survives the server. A durable run's report is journaled before it is sent, and sent again to
every new connection until acknowledged; runs are known by (run_id, attempt) and started once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from owari.compute.agent import errors, journal, machine, orphans, protocol
from owari.compute.agent.desk import Desk, capacity
from owari.compute.agent.environment import Definition, Environment, Invocation
from owari.compute.agent.lines import Shipper
from owari.compute.agent.link import Link, listen
from owari.compute.agent.load import Load
from owari.compute.agent.loop import Loop
from owari.compute.agent.workers import Workers
from owari.compute.agent.zygotes import link_sdk
from owari.compute.environments import (
    Bounds,
    Expire,
    Fail,
    Instruction,
    Invoke,
    Pool,
    Retire,
    Start,
    Throttle,
)
from owari.compute.environments import Call as PoolCall
from owari.compute.isolation import Tier
from owari.compute.runtime import wire

Key = tuple[str, int]

HEAD_ROOM_MIB = 1_024  # of the machine's memory, never given to functions
STATUS_INTERVAL_S = 0.2
TERM_GRACE_S = 2.0
WATCH_INTERVAL_S = 0.02
LOAD_INTERVAL_S = 0.05
HOUSEKEEPING_S = 60.0
ACKED_REMEMBERED = 1_024


class Agent:
    """`folder` is its own and the current one; `mark` names the data folder in /proc."""

    def __init__(
        self, folder: Path, mark: str, tier: Tier, *, idle_s: float, gpus: int | None = None
    ) -> None:
        self.folder = folder
        self.mark = mark
        self.tier = tier
        self.instance = os.urandom(8).hex()
        self.epoch = -1
        self.loop = Loop()
        self.link: Link | None = None
        self.reports = journal.Reports(folder / "reports.journal")
        self.logs = journal.Logs(folder / "logs.journal")
        self.shipper = Shipper(self._journal_logs, lambda: self.logs.full)
        memory = machine.memory_mib()
        room = max(memory - HEAD_ROOM_MIB, memory // 2)
        self.pool = Pool(Bounds(memory_mib=room, free_growth=machine.cores(), idle_s=idle_s))
        self.sdk = folder / "sdk"
        self.keep = [sys.prefix, sys.base_prefix, str(self.sdk), *link_sdk(self.sdk, sys.path)]
        self.workers = Workers(
            self.loop, folder, self.sdk, tier, mark, on_change=self._status_changed
        )
        self.desk = Desk(
            self.loop,
            folder,
            tier,
            mark,
            found=self.workers.found,
            shipper=self.shipper,
            reports=self.reports,
            capacity=capacity(room, gpus),
            free_mib=lambda: room - self.pool.held_mib(),
            link=lambda: self.link,
        )
        self.definitions: dict[str, Definition] = {}
        self.environments: dict[int, Environment] = {}
        self.invocations: dict[int, Invocation] = {}
        self.live: dict[Key, Invocation] = {}  # durable runs
        self.acked: dict[Key, None] = {}  # the last ones
        self._numbers = 0
        self._status_due = float("inf")
        self._watching = False
        self._load = Load()
        self._measuring = False

    # ---- life
    def run(self) -> None:
        self.listener = listen(self.loop, "agent.sock", self._on_connection)
        self.loop.before_sleep += [self._before_sleep, self._flush]
        self.loop.call_later(HOUSEKEEPING_S, self._housekeeping)
        self._reap_children()
        self.loop.run()
        self.shipper.flush()
        self.desk.processes.close()
        self.workers.close()
        orphans.kill_marked(orphans.folder_mark(self.mark))

    def end(self) -> None:
        """Kill everything and leave, after this turn."""
        self.loop.running = False

    def _reap_children(self) -> None:
        """Zygotes and cleaners are our children; workers are the zygotes'."""
        wake, alarm = os.pipe()
        for fd in (wake, alarm):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(alarm, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

        def reap(_events: int) -> None:
            os.read(wake, 4096)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass

        self.loop.add(wake, reap)

    def _housekeeping(self) -> None:
        if not Path("agent.sock").exists():
            self.end()  # the data folder was removed
        self.workers.retire_zygotes()
        self.desk.retire()
        used = {e.definition.identity for e in self.environments.values()}
        used |= {i.definition.identity for i in self.invocations.values()}
        self.definitions = {k: d for k, d in self.definitions.items() if k in used}
        self.loop.call_later(HOUSEKEEPING_S, self._housekeeping)

    def _before_sleep(self) -> float:
        now = self.loop.now
        self._tick_jobs(now)
        wake = self.pool.next_time()
        if wake <= now:
            self._apply(self.pool.tick(now))
            wake = self.pool.next_time()
        if self.pool.waiting and not self._measuring:
            self._measure_load()
        if now >= self._status_due:
            self._send_status()
        return min(wake, self.shipper.tick(now), self._status_due)

    def _tick_jobs(self, now: float) -> None:
        processes = self.desk.processes
        processes.tick(self.logs.crowded)
        if processes.ledger.memory_mib != self.pool.reserved_mib:
            self._apply(self.pool.reserve(processes.ledger.memory_mib, now))

    def _flush(self) -> float:
        self.desk.flush()
        link = self.link
        if link is not None:
            while (batch := self.logs.to_send()) is not None:
                link.send({"k": "logs", "seq": batch[0]}, batch[1])
            link.flush()
        return float("inf")

    # ---- the server
    def _on_connection(self, connection: socket.socket) -> None:
        Link(self.loop, connection, self._on_frame, self._on_link_end)

    def _on_link_end(self, link: Link) -> None:
        if self.link is link:
            self.link = None
            self.logs.resend()

    def _on_frame(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        kind = header["k"]
        if kind == "hello":
            self._hello(link, header)
        elif link is not self.link:
            link.close()  # an older server, or one that did not say hello
        else:
            match kind:
                case "run":
                    self._run(link, header, payload)
                case "process":
                    self._process(link, header, payload)
                case "define":
                    self._define(link, header)
                case "ack":
                    self._acknowledge((header["run_id"], header["attempt"]))
                case "ack_logs":
                    self.logs.acknowledge(header["seq"])
                case "cancel":
                    self._cancel(header["run_id"], header["reason"])
                case "shutdown":
                    self.end()

    def _hello(self, link: Link, header: dict[str, Any]) -> None:
        if not protocol.speaks(header["version"]) or header["epoch"] < self.epoch:
            why = "another version" if header["epoch"] >= self.epoch else "a newer server is there"
            link.send({"k": "refused", "why": why, "version": protocol.VERSION})
            link.flush()
            link.close()
            return
        older, self.link = self.link, link
        if older is not None:
            older.close()
        self.logs.resend()
        self.epoch = header["epoch"]
        known = [list(key) for key in {*self.live, *self.reports.pending, *self.desk.keys}]
        link.send(
            {
                "k": "welcome",
                "version": protocol.VERSION,
                "instance": self.instance,
                "pid": os.getpid(),
                "known": known,
                "capacity": self.desk.describe_capacity(self.instance),
            }
        )
        self.desk.greet(link)
        self.workers.warm()
        self._send_status()
        for report in self.reports.pending.values():
            link.send_frame(report)

    def _define(self, link: Link, header: dict[str, Any]) -> None:
        definition = Definition(**header["definition"])
        link.definitions[header["n"]] = self.definitions[definition.identity] = definition

    def _acknowledge(self, key: Key) -> None:
        self.reports.acknowledge(key)
        self.acked[key] = None
        if len(self.acked) > ACKED_REMEMBERED:
            del self.acked[next(iter(self.acked))]

    # ---- runs
    def _run(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        key = (header["run_id"], header["attempt"])
        durable = header["call"] == protocol.DURABLE
        if durable and self._is_known(link, key):
            return
        self._numbers += 1
        definition = link.definitions[header["n"]]
        invocation = Invocation(
            number=self._numbers,
            call=header["call"],
            link=link,
            definition=definition,
            run_id=key[0],
            attempt=key[1],
            request_id=header["request_id"],
            trace=header["trace"],
            client=header["client"],
            payload=payload,
        )
        self.invocations[invocation.number] = invocation
        if durable:
            self.live[key] = invocation
        call = PoolCall(
            invocation.number,
            definition.function,
            definition.identity,
            definition.slot,
            definition.memory_mib,
            definition.timeout_s,
            header["concurrency"],
            durable,
        )
        self._apply(self.pool.submit(call, self.loop.now))

    def _process(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        durable = header["call"] == protocol.DURABLE
        if durable and self._is_known(link, (header["run_id"], header["attempt"])):
            return
        self._status_changed()
        self.desk.begin(link, header, payload)

    def _is_known(self, link: Link, key: Key) -> bool:
        """Started before: running, reported (then again), or done with."""
        pending = self.reports.pending.get(key)
        if pending is not None:
            link.send_frame(pending)
        if pending is not None or key in self.live or key in self.acked:
            return True
        return self.desk.knows(key)

    def _cancel(self, run_id: str, reason: str) -> None:
        self.desk.processes.cancel(run_id, reason)
        for invocation in [i for i in self.invocations.values() if i.run_id == run_id]:
            invocation.cancelled = reason or "cancelled"
            waiting, number = self.pool.cancel(invocation.number, self.loop.now)
            if waiting:
                self._report_unrun(invocation, "failed", f"cancelled: {reason}")
            elif number is not None:
                worker = self.environments[number].worker
                worker.signal(signal.SIGTERM)
                self.loop.call_later(TERM_GRACE_S, worker.kill)

    # ---- instructions of the pool
    def _apply(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Invoke(number, call, cold):
                    invocation = self.invocations[call]
                    invocation.cold = cold
                    self.environments[number].invoke(invocation, self.loop.now)
                    self._status_changed()
                case Start(number, identity, _):
                    self._start(number, self.definitions[identity])
                case Throttle(call, why):
                    self._report_unrun(self.invocations[call], "throttled", why)
                case Fail(number, call):
                    self._fail(self.environments[number], self.invocations[call])
                case Expire(number, _):
                    self._expire(number)
                case Retire(number, _):
                    self.environments.pop(number).worker.kill()
                    self._status_changed()

    def _start(self, number: int, definition: Definition) -> None:
        self._status_changed()
        interpreter = self.workers.interpreter(definition.runtime)
        if interpreter is None:
            words = f"the runtime {definition.runtime} is not supported yet."
            why = f"Owari runs python3.x functions; {words}"
            self._could_not_start(number, why, "InvalidRuntimeException")
            return
        try:
            worker = self.workers.take(interpreter)
        except OSError as error:
            self._could_not_start(number, f"No environment could be started: {error}")
            return
        environment = Environment(self, self.shipper, number, definition, worker)
        self.environments[number] = environment
        code = f"{definition.code}-{definition.unzipped_max_bytes}"
        folders = {
            "code": str(self.folder / "code" / code),
            "pycache": str(self.folder / "pycache" / code),
            "sdk": str(self.sdk),
            "mark": self.mark,
        }
        environment.initialise(folders, self.keep, interpreter.words(definition.runtime))
        self._watch_memory()

    def _could_not_start(self, number: int, why: str, code: str = "") -> None:
        """Told to the call at the head, after this batch of instructions."""

        def tell() -> None:
            for instruction in self.pool.gone(number, self.loop.now):
                if isinstance(instruction, Fail):
                    self._report_unrun(self.invocations[instruction.call], "failed", why, code)
                else:
                    self._apply([instruction])

        self.loop.call_later(0.0, tell)

    def _expire(self, number: int) -> None:
        environment = self.environments[number]
        environment.expired = True
        environment.worker.kill()

    # ---- events of the environments (environment.Owner)
    def on_ready(self, environment: Environment) -> None:
        self._apply(self.pool.ready(environment.number, self.loop.now))

    def on_answer(self, environment: Environment, kind: int, payload: bytes) -> None:
        if environment.expired:
            return
        invocation = environment.invocation
        assert invocation is not None
        figures = environment.close_invocation(time.monotonic(), None)
        self._status_changed()
        self._report(invocation, "ok" if kind == wire.RESULT else "error", payload, figures)
        self._apply(self.pool.finished(environment.number, self.loop.now))

    def on_gone(self, environment: Environment) -> None:
        invocation = environment.invocation
        self._status_changed()
        if invocation is not None:
            self._report_end(environment, invocation)
        self._apply(self.pool.gone(environment.number, self.loop.now))
        self.environments.pop(environment.number, None)

    def _fail(self, environment: Environment, invocation: Invocation) -> None:
        """An environment ended before it was ready; this call hears why."""
        environment.begin(invocation, time.monotonic())
        invocation.cold = True
        if environment.worker.broken:
            self._report_unrun(invocation, "failed", environment.worker.broken)
            return
        if not environment.init_error:
            self._report_end(environment, invocation)
            return
        payload = json.loads(environment.init_error)
        if payload["errorType"] == "Runtime.BadZip":
            why = payload["errorMessage"]
            self._report_unrun(invocation, "failed", why, "InvalidZipFileException")
            return
        payload["requestId"] = invocation.request_id
        figures = environment.close_invocation(time.monotonic(), None)
        self._report(invocation, "error", protocol.encode(payload).encode(), figures)

    def _report_end(self, environment: Environment, invocation: Invocation) -> None:
        """The environment ended under the invocation: why, by what we know."""
        request_id = invocation.request_id
        if environment.expired:
            seconds, ms = divmod(int(time.time() * 1000), 1000)
            when = time.strftime(f"%Y-%m-%dT%H:%M:%S.{ms:03d}Z", time.gmtime(seconds))
            verdict = errors.timed_out(request_id, environment.definition.timeout_s, when)
        elif environment.status is None:
            self._report_unrun(invocation, "lost", "The interpreter that ran this has ended.")
            return
        else:
            worker = environment.worker
            memory = worker.out_of_memory or worker.slot.ran_out_of_memory()
            verdict = errors.ended(request_id, environment.status, out_of_memory=memory)
        figures = environment.close_invocation(time.monotonic(), verdict)
        if invocation.cancelled:
            figures["message"] = f"cancelled: {invocation.cancelled}"
            self._report(invocation, "failed", b"", figures)
        else:
            self._report(invocation, "error", verdict.payload(), figures)

    # ---- reports
    def _report_unrun(
        self, invocation: Invocation, status: str, message: str, code: str = ""
    ) -> None:
        figures = {
            "message": message,
            "code": code,
            "cold": False,
            "init_ms": 0.0,
            "duration_ms": 0.0,
            "billed_ms": 0,
            "memory_used_mib": 0,
            "log_stream": "",
        }
        self._report(invocation, status, b"", figures)

    def _report(
        self, invocation: Invocation, status: str, payload: bytes, figures: dict[str, Any]
    ) -> None:
        tail = invocation.tail.bytes()
        header = {
            "k": "report",
            "call": invocation.call,
            "tail": len(tail),
            "run_id": invocation.run_id,
            "attempt": invocation.attempt,
            "status": status,
            "message": "",
        } | figures
        frame = protocol.message(header, payload + tail)
        del self.invocations[invocation.number]
        if invocation.call == protocol.DURABLE:
            self._report_durable((invocation.run_id, invocation.attempt), frame)
        elif self.link is not None and invocation.link is self.link:
            self.link.send_frame(frame)

    def _report_durable(self, key: Key, frame: bytes) -> None:
        del self.live[key]
        try:
            self.reports.add(key, frame)
        except OSError as error:
            print(f"reports are kept in memory only: {error}", flush=True)
        if self.link is not None:
            self.link.send_frame(frame)

    def _journal_logs(self, records: bytes) -> None:
        try:
            self.logs.add(records)
        except OSError as error:
            print(f"log lines are lost: {error}", flush=True)

    # ---- the watchdog tier
    def _watch_memory(self) -> None:
        if not self.tier.parents and not self._watching:
            self._watching = True
            self.loop.call_later(WATCH_INTERVAL_S, self._poll_memory)

    def _poll_memory(self) -> None:
        self._watching = bool(self.environments)
        for environment in self.environments.values():
            if environment.invocation is None or not environment.worker.pid:
                continue
            worker = environment.worker
            pids = [worker.pid, *orphans.descendants(worker.pid)]
            used = sum(orphans.resident_mib(pid) for pid in pids)
            environment.peak_mib = max(environment.peak_mib, used)
            if used > environment.definition.memory_mib:
                worker.out_of_memory = True
                worker.kill()
        if self._watching:
            self.loop.call_later(WATCH_INTERVAL_S, self._poll_memory)

    # ---- the load
    def _measure_load(self) -> None:
        """While calls wait: whether more environments would find a free processor."""
        self.pool.loaded(not self._measuring or self._load.saturated())
        self._load.begin()
        self._measuring = self.pool.waiting > 0
        if self._measuring:
            self.loop.call_later(LOAD_INTERVAL_S, self._measure_load)

    # ---- status
    def _status_changed(self) -> None:
        if self._status_due == float("inf"):
            self._status_due = self.loop.now + STATUS_INTERVAL_S

    def _send_status(self) -> None:
        self._status_due = float("inf")
        if self.link is None:
            return
        running = sum(e.invocation is not None for e in self.environments.values())
        self.link.send(
            {
                "k": "status",
                "pid": os.getpid(),
                "instance": self.instance,
                "isolation": self.tier.name,
                "isolation_why": self.tier.why,
                "environments": len(self.environments),
                "running": running + self.desk.processes.ledger.taken,
                "jobs": self.desk.describe(),
                "waiting": self.pool.waiting,
                "memory_mib": self.pool.memory_mib,
                "capacity": {
                    "memory_mib": self.pool.bounds.memory_mib,
                    "environments": self.pool.bounds.environments_max,
                    "cores": machine.cores(),
                },
                "interpreters": self.workers.describe(),
                "runtimes": {f"python3.{i.minor}": i.path for i in self.workers.found.values()},
            }
        )
