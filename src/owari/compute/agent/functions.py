"""The function runs of an agent: what the pool decides is done to environments, and told.

A durable run's report is journaled before it is sent. Environments that are to be kept warm are
asked for by the server anew after each connect.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from owari.compute import containers
from owari.compute.agent import journal, outcomes, protocol
from owari.compute.agent.asking import ask
from owari.compute.agent.environment import Definition, Environment, Invocation
from owari.compute.agent.folders import Folders
from owari.compute.agent.function_images import program
from owari.compute.agent.image_lookup import Images
from owari.compute.agent.keeping import Keeping
from owari.compute.agent.lines import Shipper
from owari.compute.agent.link import Link
from owari.compute.agent.load import Load
from owari.compute.agent.loop import Loop
from owari.compute.agent.places import Places
from owari.compute.agent.runtimes import Fork, Program, Refused, Runtime, Runtimes
from owari.compute.agent.saying import say
from owari.compute.agent.watchdog import Watchdog
from owari.compute.agent.workers import Workers
from owari.compute.images import Image
from owari.compute.pool.instructions import (
    Call,
    Expire,
    Fail,
    Instruction,
    Invoke,
    Retire,
    Start,
    Throttle,
)
from owari.compute.pool.pool import Pool
from owari.compute.runtime import wire

Key = tuple[str, int]

TERM_GRACE_S = 2.0
LEAVE_S = 2.5  # for an environment with extensions to end by itself (runtime/host.py LEAVE_S)
LOAD_INTERVAL_S = 0.05
# What an environment says of itself that is no error of the function: AWS's name for it.
START_FAULTS = {
    "Runtime.BadZip": "InvalidZipFileException",
    "Owari.MountFailure": "EFSMountFailureException",
}


class Functions:
    """Implements environment.Owner. `link()` is the server's connection, if there is one."""

    def __init__(
        self,
        loop: Loop,
        pool: Pool,
        workers: Workers,
        runtimes: Runtimes,
        images: Images,
        places: Places,
        *,
        shipper: Shipper,
        reports: journal.Reports,
        watchdog: bool,
        link: Callable[[], Link | None],
        on_change: Callable[[], None],
    ) -> None:
        self.loop = loop
        self.pool = pool
        self.workers = workers
        self.runtimes = runtimes
        self.images = images
        self.places = places
        self.shipper = shipper
        self.reports = reports
        self.link = link
        self.on_change = on_change
        self.definitions: dict[str, Definition] = {}
        self.environments: dict[int, Environment] = {}
        self.invocations: dict[int, Invocation] = {}
        self.live: dict[Key, Invocation] = {}  # durable runs
        self.keeping = Keeping(pool, link)
        self._folders = Folders()
        self._watchdog = Watchdog(loop, self.environments) if watchdog else None
        self._numbers = 0
        self._load = Load()
        self._measuring = False

    # ---- what the server asks
    def run(self, link: Link, header: dict[str, Any], payload: bytes) -> None:
        """A `run` frame of a run that is not known yet."""
        self._numbers += 1
        definition = self._current(link.definitions[header["n"]])
        invocation = Invocation(
            number=self._numbers,
            call=header["call"],
            link=link,
            definition=definition,
            run_id=header["run_id"],
            attempt=header["attempt"],
            request_id=header["request_id"],
            trace=header["trace"],
            client=header["client"],
            payload=payload,
            streaming=header.get("stream", False),
        )
        self.invocations[invocation.number] = invocation
        durable = header["call"] == protocol.DURABLE
        if durable:
            self.live[(invocation.run_id, invocation.attempt)] = invocation
        call = _call(invocation.number, definition, header["concurrency"], patient=durable)
        self._apply(self.pool.submit(call, self.loop.now))

    def keep(self, link: Link, header: dict[str, Any]) -> None:
        """A `keep` frame: so many environments are to be there, initialised."""
        definition = self._current(link.definitions[header["n"]])
        definition.variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = (
            "provisioned-concurrency" if header["count"] else "on-demand"
        )
        self.keeping.wished(definition.identity, header["n"], header["count"])
        call = _call(0, definition, None, patient=True)
        self._apply(self.pool.keep(call, header["count"], self.loop.now))

    def cancel(self, run_id: str, reason: str) -> None:
        for invocation in [i for i in self.invocations.values() if i.run_id == run_id]:
            invocation.cancelled = reason or "cancelled"
            waiting, number = self.pool.cancel(invocation.number, self.loop.now)
            if waiting:
                self._report_unrun(invocation, "failed", f"cancelled: {reason}")
            elif number is not None:
                self._end_under(self.environments[number], invocation)

    def _end_under(self, environment: Environment, invocation: Invocation) -> None:
        """Unless it answers first: then it may be at another by the time it would be killed."""

        def insist() -> None:
            if environment.invocation is invocation:
                environment.worker.kill()

        environment.worker.signal(signal.SIGTERM)
        self.loop.call_later(TERM_GRACE_S, insist)

    def _current(self, definition: Definition) -> Definition:
        """Of folders: of another environment whenever one of them has changed."""
        layers = [layer["folder"] for layer in definition.layers if "folder" in layer]
        if definition.code_folder or layers:
            generations = self._folders.generations(definition.code_folder, layers)
            identity = definition.identity + generations
            known = self.definitions.get(identity)
            definition = known or replace(definition, identity=identity)
        self.definitions[definition.identity] = definition
        return definition

    # ---- time
    def before_sleep(self) -> float:
        """What is due; when to come again."""
        now = self.loop.now
        wake = self.pool.next_time()
        if wake <= now:
            self._apply(self.pool.tick(now))
            wake = self.pool.next_time()
        if self.pool.waiting and not self._measuring:
            self._measure_load()
        self.keeping.tell()
        return wake

    def reserve(self, memory_mib: int) -> None:
        """So much is taken by jobs."""
        if memory_mib != self.pool.reserved_mib:
            self._apply(self.pool.reserve(memory_mib, self.loop.now))

    def forget_unused(self) -> None:
        """Definitions that no environment and no invocation needs."""
        used = {e.definition.identity for e in self.environments.values()}
        used |= {i.definition.identity for i in self.invocations.values()}
        used |= self.pool.kept()
        self.definitions = {k: d for k, d in self.definitions.items() if k in used}

    def running(self) -> int:
        return sum(e.invocation is not None for e in self.environments.values())

    def _measure_load(self) -> None:
        """While calls wait: whether more environments would find a free processor."""
        self.pool.loaded(not self._measuring or self._load.saturated())
        self._load.begin()
        self._measuring = self.pool.waiting > 0
        if self._measuring:
            self.loop.call_later(LOAD_INTERVAL_S, self._measure_load)

    # ---- instructions of the pool
    def _apply(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            match instruction:
                case Invoke(number, call, cold):
                    invocation = self.invocations[call]
                    invocation.cold = cold
                    self.environments[number].invoke(invocation, self.loop.now)
                    self.on_change()
                case Start(number, identity, _):
                    self._start(number, self.definitions[identity])
                case Throttle(call, why):
                    self._report_unrun(self.invocations[call], "throttled", why)
                case Fail(number, call):
                    self._fail(self.environments[number], self.invocations[call])
                case Expire(number, _):
                    self._expire(number)
                case Retire(number, _):
                    self._retire(self.environments.pop(number))

    def _start(self, number: int, definition: Definition) -> None:
        self.on_change()
        folder = definition.code_folder
        if folder and not Path(folder).is_dir():
            self._could_not_start(
                number, f"The folder {folder} of the function's code is not there."
            )
            return
        if definition.image:
            self.images.resolve(
                definition.image, lambda image: self._start_image(number, definition, image)
            )
        else:
            runtime = self.runtimes.resolve(definition, self.places.pycache(definition))
            self._begin(number, definition, runtime)

    def _start_image(self, number: int, definition: Definition, image: Image) -> None:
        if number in self.pool.environments:
            name = f"owari-function-{self.places.mark}-{number}"
            scratch = self.places.scratch(number)
            places = self.places
            try:
                mounts = places.file_systems.mounts(definition.file_systems)
            except OSError as error:
                self._could_not_start(number, f"A file system has no folder: {error}")
                return
            runtime = program(definition, image, self.images, places.mark, name, scratch, mounts)
            self._begin(number, definition, runtime)

    def _begin(self, number: int, definition: Definition, runtime: Runtime) -> None:
        if isinstance(runtime, Refused):
            self._could_not_start(number, runtime.why, runtime.code)
            return
        interpreter = runtime.interpreter if isinstance(runtime, Fork) else self.workers.default()
        try:
            meta, variables = self.places.of(definition, runtime)
            worker = self.workers.take(interpreter)
        except OSError as error:
            self._could_not_start(number, f"No environment could be started: {error}")
            return
        environment = Environment(self, self.shipper, number, definition, worker)
        environment.container = runtime.container if isinstance(runtime, Program) else ""
        self.environments[number] = environment
        environment.initialise(meta, variables, runtime.words)
        if self._watchdog is not None:
            self._watchdog.begin()

    def _could_not_start(self, number: int, why: str, code: str = "") -> None:
        """Told to the call at the head, after this batch of instructions."""

        def tell() -> None:
            if number in self.pool.environments:
                self.keeping.failed(self.pool.environments[number].family.identity, why)
            for instruction in self.pool.gone(number, self.loop.now):
                if isinstance(instruction, Fail):
                    self._report_unrun(self.invocations[instruction.call], "failed", why, code)
                else:
                    self._apply([instruction])

        self.loop.call_later(0.0, tell)

    def _expire(self, number: int) -> None:
        environment = self.environments.get(number)
        if environment is None:  # its image is still being looked for
            self._could_not_start(number, "The image could not be looked for in time.")
            return
        environment.expired = True
        environment.worker.kill()

    def _retire(self, environment: Environment) -> None:
        """An idle environment ends; its extensions are told, where it has some."""
        self.on_change()
        if environment.definition.layers:
            environment.worker.send(wire.LEAVE, b"")
            self.loop.call_later(LEAVE_S, environment.worker.kill)
        else:
            environment.worker.kill()

    # ---- events of the environments (environment.Owner)
    def on_ready(self, environment: Environment) -> None:
        environment.rest()
        self._apply(self.pool.ready(environment.number, self.loop.now))

    def on_answer(self, environment: Environment, kind: int, payload: bytes, *, free: bool) -> None:
        if environment.expired:
            return
        invocation = environment.invocation
        assert invocation is not None
        figures = environment.close_invocation(time.monotonic(), None)
        self.on_change()
        self._report(invocation, "ok" if kind == wire.RESULT else "error", payload, figures)
        if free:
            self.on_free(environment)
        else:
            self.pool.answered(environment.number)

    def on_chunk(self, environment: Environment, data: bytes) -> None:
        invocation, link = environment.invocation, self.link()
        if invocation is not None and link is not None and invocation.link is link:
            link.send({"k": "chunk", "call": invocation.call}, data)

    def on_free(self, environment: Environment) -> None:
        if not environment.expired:
            environment.rest()
            self._apply(self.pool.finished(environment.number, self.loop.now))

    def on_gone(self, environment: Environment) -> None:
        invocation = environment.invocation
        self.on_change()
        self._clear(environment)
        if not environment.ready:
            self.keeping.failed(environment.definition.identity, outcomes.of_start(environment))
        if invocation is not None:
            self._report_end(environment, invocation)
        self._apply(self.pool.gone(environment.number, self.loop.now))
        self.environments.pop(environment.number, None)

    def _clear(self, environment: Environment) -> None:
        """What a container image leaves behind."""
        if environment.container:
            remove = containers.remove(containers.program(), environment.container)
            ask(self.loop, remove, lambda _said: None)
        if environment.definition.image:
            self.workers.clear(self.places.scratch(environment.number))

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
        code = START_FAULTS.get(payload.get("errorType"))
        if code is not None:
            self._report_unrun(invocation, "failed", payload["errorMessage"], code)
            return
        told = outcomes.of_init_error(payload, invocation.request_id)
        figures = environment.close_invocation(time.monotonic(), None)
        self._report(invocation, "error", told, figures)

    def _report_end(self, environment: Environment, invocation: Invocation) -> None:
        """The environment ended under the invocation: why, by what we know."""
        verdict = outcomes.verdict(environment, invocation.request_id)
        if verdict is None:
            self._report_unrun(invocation, "lost", "The interpreter that ran this has ended.")
            return
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
        self._report(invocation, status, b"", outcomes.NOTHING | {"message": message, "code": code})

    def _report(
        self, invocation: Invocation, status: str, payload: bytes, figures: dict[str, Any]
    ) -> None:
        frame = outcomes.report_frame(invocation, status, payload, figures)
        link = self.link()
        del self.invocations[invocation.number]
        if invocation.call == protocol.DURABLE:
            self._report_durable((invocation.run_id, invocation.attempt), frame)
        elif link is not None and invocation.link is link:
            link.send_frame(frame)

    def _report_durable(self, key: Key, frame: bytes) -> None:
        del self.live[key]
        try:
            self.reports.add(key, frame)
        except OSError as error:
            say(f"reports are kept in memory only: {error}")
        link = self.link()
        if link is not None:
            link.send_frame(frame)


def _call(number: int, d: Definition, concurrency: int | None, *, patient: bool) -> Call:
    return Call(
        number,
        d.function,
        d.identity,
        d.slot,
        d.memory_mib,
        d.timeout_s,
        concurrency,
        patient,
    )
