"""The gate: who may speak to an API that runs code. Loopback is not trust.

Three questions, asked of every request before the wire sees it:

Host    Must be an IP address, a name of loopback (`localhost`, `*.localhost`, so also
        `bucket.s3.localhost`), this machine's own name when bound to an outer address, the
        names container runtimes give the machine, or one the user allowed. A web page that
        rebinds its own name to 127.0.0.1 still sends its own name here, and is refused.
        An address is safe: nobody can rebind a number. `*.amazonaws.com` is not a way in
        (allow it with `--allow-host '*.amazonaws.com'` where DNS is redirected on purpose).
Origin  Browsers send it with every request a foreign page makes that could change something.
        Only our own origin passes, or one the `cors` hook (S3's CORS rules) accepts.
Peer    On loopback, the user who started Owari and root, and whoever shows that Owari started
        it (`trusts`: a session token of ours): a container may run as another user. `shared`
        lifts it. Where the machine cannot tell who calls, everybody passes (and `owari up`
        says so).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from owari.config import Config
from owari.errors import ServiceError
from owari.http.peer import Peer, can_tell, is_address
from owari.wire.message import Request

LOCAL_NAMES = ("localhost", "*.localhost", "host.docker.internal", "host.containers.internal")

Cors = Callable[[Request], bool]


def no_cors(_request: Request) -> bool:
    return False


@dataclass(slots=True)
class Gate:
    """`users` None: any user of this machine. `cors(request)` true: S3 lets the origin in."""

    names: frozenset[str]
    suffixes: tuple[str, ...]
    users: frozenset[int] | None
    cors: Cors = no_cors
    trusts: Callable[[Request], bool] = lambda _request: False
    _known: set[str] = field(default_factory=set)

    def refusal(self, request: Request, peer: Peer) -> ServiceError | None:
        """Why the request may not pass; None when it may."""
        host = request.headers.get("host", "")
        if host not in self._known and not self._knows(host):
            return _denied(
                f"Owari does not answer to the host name {_shown(host)}. "
                "Allow it with `owari up --allow-host NAME`."
            )
        origin = request.headers.get("origin")
        if origin is not None and not _own(origin, host) and not self.cors(request):
            return _denied(f"A page of {_shown(origin)} may not call Owari.")
        if self._is_stranger(peer) and not self.trusts(request):
            who = "an unknown user" if peer.uid is None else f"user {peer.uid}"
            return _denied(
                f"Owari was started by another user and {who} may not call it. "
                "`owari up --shared` lets every user of this machine in."
            )
        return None

    def _is_stranger(self, peer: Peer) -> bool:
        return self.users is not None and peer.loopback and peer.uid not in self.users

    def _knows(self, host: str) -> bool:
        name = host_name(host)
        # HTTP/1.0 tools send no Host at all; a browser always does.
        good = (
            host == ""
            or is_address(name) is not None
            or name in self.names
            or name.endswith(self.suffixes)
        )
        if good and len(self._known) < 1024:
            self._known.add(host)
        return good


def make_gate(config: Config, cors: Cors = no_cors) -> tuple[Gate, str | None]:
    """The gate of a server, and a warning for the user if it is weaker than it should be."""
    allowed = [*LOCAL_NAMES, config.host, *config.allowed_hosts]
    address = is_address(config.host)
    if address is not None and not address.is_loopback:
        allowed.append(socket.gethostname())
    names = frozenset(n.lower().rstrip(".") for n in allowed if not n.startswith("*."))
    suffixes = tuple(n[1:].lower() for n in allowed if n.startswith("*."))
    if config.shared:
        return Gate(names, suffixes, None, cors), None
    if not can_tell():
        return Gate(names, suffixes, None, cors), (
            "this machine does not tell who opens a loopback connection: "
            "other users of it can call Owari"
        )
    return Gate(names, suffixes, frozenset({0, os.geteuid()}), cors), None


def host_name(host: str) -> str:
    """The name in a Host header: no port, brackets or final dot, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


def _own(origin: str, host: str) -> bool:
    return origin == f"http://{host}" or origin == f"https://{host}"


def _denied(message: str) -> ServiceError:
    return ServiceError("AccessDenied", message, status=403)


def _shown(text: str) -> str:
    return repr(text[:100])
