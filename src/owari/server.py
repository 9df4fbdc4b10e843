"""The life of the server process: host, listener, signals, end (its beginning: starting.py).

`run` blocks until a signal: SIGINT, SIGTERM and SIGHUP end the server and leave running work to the
agent; SIGUSR1 (`owari down`) ends the agent as well. A second signal does not wait.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.metadata
import logging
import logging.handlers
import os
import resource
import signal
import socket
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from owari import folder, held
from owari.config import Config
from owari.effects import Call, Run
from owari.host import Host
from owari.http.application import Api
from owari.http.bearer import holds_token
from owari.http.function_urls.site import Sites
from owari.http.gate import Gate, make_gate
from owari.http.listener import Listener
from owari.http.packages import Packages
from owari.http.peer import is_address
from owari.http.spool import Store
from owari.limits import PROFILES
from owari.lookups import Lookups
from owari.store.database import NewerSchemaError
from owari.wire.exchange import WireSettings
from owari.wire.operation import REGISTRY

GRACE_S = 1.5  # for requests under way when the server ends
UPLOAD_THREADS = 4
LOG_MAX_BYTES = 10 * 1024 * 1024
ROOT = "arn:aws:iam::000000000000:root"
CREDENTIALS_LAST_S = 10 * 365 * 86400.0

log = logging.getLogger("owari.server")


def run(config: Config, listening: socket.socket) -> int:
    """Serve on a folder that is locked and a socket that listens. Returns the exit status."""
    try:
        _log_to(config)
        return asyncio.run(_Server(config).serve(listening))
    except (OSError, NewerSchemaError, sqlite3.Error) as error:
        print(f"owari up: {config.data}: {error}", file=sys.stderr, flush=True)
        return 1


def _say(text: str) -> None:
    """To the terminal, as long as there is one."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _News(logging.Handler):
    """What users should hear of, on the terminal as well."""

    def emit(self, record: logging.LogRecord) -> None:
        _say(record.getMessage())


def _log_to(config: Config) -> None:
    handler = logging.handlers.RotatingFileHandler(
        config.data / "server.log", maxBytes=LOG_MAX_BYTES, backupCount=1, delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("owari.news").addHandler(_News())
    logging.raiseExceptions = False  # a log that cannot be written (disk full) is no news


def endpoint_of(config: Config) -> str:
    """The URL under which programs on this machine reach the server."""
    address = is_address(config.host)
    host = config.host
    if address is not None and address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


@dataclass(slots=True)
class _Ending:
    """How the server was asked to end."""

    asked: asyncio.Event
    end_agent: bool = False

    def ask(self, end_agent: bool) -> None:
        if self.asked.is_set():
            os._exit(1)  # asked again: whatever hangs is not waited for
        self.end_agent = end_agent
        self.asked.set()


class _Server:
    """One running server."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.endpoint = endpoint_of(config)
        self.started = time.time()
        self.host = Host(config)
        self.host.kernel.endpoint = self.endpoint
        self.threads = ThreadPoolExecutor(UPLOAD_THREADS, "owari-upload")
        gate, self.warning = make_gate(config)
        self.listener = Listener(config, self._api(gate))

    def _api(self, gate: Gate) -> Api:
        config, host = self.config, self.host
        known = Lookups(host.kernel.reader)
        names = (config.host, *(name.removeprefix("*.") for name in config.allowed_hosts))
        settings = WireSettings(
            declared=lambda service, name: (service, name) in REGISTRY.operations,
            lookup=known.key,
            issuer=host.issuer,
            now=time.time,
            verify=config.auth,
            cors_rules=known.cors_rules,
            may_be_public=known.may_be_public,
            bases=tuple(name for name in names if is_address(name) is None),
        )
        sites = Sites(host, known, settings.authority, time.time)
        gate.cors = lambda request: settings.admits_origin(request) or sites.admits_origin(request)
        gate.trusts = lambda request: (
            holds_token(request, host.issuer, time.time) or self._page(request.path) is not None
        )
        body_max = PROFILES[config.profile].object_put_max_bytes
        inline_max, reserve = config.inline_body_max_bytes, config.disk_reserve_bytes
        store = Store(host.blobs, self.threads, inline_max, body_max, reserve)
        pages = {"/_owari/health": self.health, "/_owari/status": self.status}
        packages = Packages(host.blobs, host.issuer, time.time)
        most = config.buffered_body_max_bytes
        return Api(host, gate, settings, store, most, pages, packages.answer, self._page, sites)

    # ---- pages
    def _page(self, path: str) -> dict[str, Any] | None:
        """A service's own, on a snapshot of the last commit. Who knows its path may read it."""
        prefix = next((p for p in REGISTRY.pages if path.startswith(p)), None)
        if prefix is None:
            return None
        handler, rest = REGISTRY.pages[prefix], path.removeprefix(prefix)
        found: dict[str, Any] | None = self.host.look(lambda tx: handler(tx, rest))
        return found

    def health(self) -> dict[str, Any]:
        return {"status": "ok", "version": version()}

    def status(self) -> dict[str, Any]:
        config = self.config
        agents = self.host.compute.status()["agents"]
        return {
            "endpoint": self.endpoint,
            "version": version(),
            "uptime_s": round(time.time() - self.started, 3),
            "data": str(config.data),
            "profile": config.profile,
            "clock": {"now": self.host.kernel.clock.now(), "speed": config.clock_speed},
            "auth": config.auth,
            "shared": config.shared,
            "server": {"pid": os.getpid(), "connections": len(self.listener.connections)},
            "agents": agents,
            "isolation": agents[0]["isolation"] if agents else None,
            "counts": self._counts(),
            "failing": self.host.engine.failing.all(),
        }

    def _counts(self) -> dict[str, Any]:
        reader = self.host.kernel.reader
        kinds = reader.execute("SELECT type, COUNT(*) AS n FROM resource GROUP BY type")
        effects = reader.execute("SELECT COUNT(*) AS n FROM effect").fetchone()["n"]
        return {"resources": {row["type"]: row["n"] for row in kinds}, "effects": effects}

    # ---- life
    async def serve(self, listening: socket.socket) -> int:
        ending = _Ending(asyncio.Event())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, ending.ask, False)
        loop.add_signal_handler(signal.SIGUSR1, ending.ask, True)
        _more_descriptors(self.config.connections_max)
        self.host.on_agent = partial(held.hand_over, self.config, listening)
        await self.host.start()
        await self.listener.start(listening)
        folder.announce(self.config, self._about())
        _say(self._greeting())
        gc.freeze()  # what is loaded now stays; the collector need not look at it again
        gc.enable()
        await ending.asked.wait()
        await self._end(ending)
        return 0

    async def _end(self, ending: _Ending) -> None:
        if ending.end_agent or not self._runs():
            held.release(self.config)
        await self.listener.stop(GRACE_S)
        runs = self._runs()
        pids = [agent["pid"] for agent in self.host.compute.status()["agents"]]
        await self.host.stop(end_agent=ending.end_agent or not runs)
        self.threads.shutdown(wait=True)
        folder.withdraw(self.config)
        if runs and not ending.end_agent:
            noun = "run continues" if runs == 1 else "runs continue"
            agent = f" (pid {pids[0]})" if pids else ""
            _say(f"{runs} {noun} under the agent{agent}; `owari down` ends everything")

    def _runs(self) -> int:
        """Runs that go on without us; what callers waited for has lost its caller."""
        flight = self.host.engine.flight.values()
        return sum(isinstance(envelope.effect, Run | Call) for envelope in flight)

    # ---- what users see
    def _about(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "endpoint": self.endpoint,
            "started": self.started,
            "version": version(),
            "auth": self.config.auth,
        }

    def _greeting(self) -> str:
        where = f"Owari {version()} listens on {self.endpoint} (data: {self.config.data})"
        # Python's SDK and the CLI read AWS_DEFAULT_REGION, all other SDKs AWS_REGION.
        region = "AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1"
        use = f"  export AWS_ENDPOINT_URL={self.endpoint} {region}"
        if self.config.auth:
            keys = f"  export AWS_SHARED_CREDENTIALS_FILE={self._write_credentials()}"
        else:
            keys = "  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
        lines = [where, use, keys]
        if self.warning is not None:
            lines.append(f"  warning: {self.warning}")
        return "\n".join(lines)

    def _write_credentials(self) -> str:
        """Keys of the account's root, for who may read the data folder: the first to come in."""
        made = self.host.issuer.issue("000000000000", ROOT, time.time() + CREDENTIALS_LAST_S)
        path = self.config.data / "credentials"
        path.write_text(
            f"[default]\naws_access_key_id = {made.access_key}\n"
            f"aws_secret_access_key = {made.secret_key}\naws_session_token = {made.token}\n"
        )
        path.chmod(0o600)
        return str(path)


@cache
def version() -> str:
    return importlib.metadata.version("owari")


def _more_descriptors(connections: int) -> None:
    """A connection may hold a socket and a file; the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(2 * connections + 512, hard) if hard != resource.RLIM_INFINITY else soft
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
