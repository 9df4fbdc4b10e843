"""One frozen Config: every path, port and bound of a running Owari."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Config:
    """Where it lives, where it listens, and how much it takes on. Times in seconds."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 4566
    auth: bool = False  # SigV4 verified against real keys
    shared: bool = False  # other users of this machine may call
    profile: str = "current"
    allowed_hosts: tuple[str, ...] = ()  # Host names accepted besides loopback and `host`
    clock_speed: float = 1.0
    job_kept_days: float = 7.0  # AWS: at least seven

    # bounds
    inline_body_max_bytes: int = 64 * KIB  # a larger streamed body goes to a file
    buffered_body_max_bytes: int = 80 * MIB  # a non-streamed request body
    disk_reserve_bytes: int = 32 * MIB  # no body may take it: deleting needs some room, too
    header_max_bytes: int = 64 * KIB
    connections_max: int = 4_096
    turn_operations_max: int = 256  # operations per commit group
    turn_time_s: float = 0.005  # the writer yields after this
    effects_in_flight_max: int = 256  # Run and Http effects being carried out
    environments_idle_s: float = 600.0  # a warm function environment is retired after this

    @property
    def database(self) -> Path:
        return self.data / "owari.db"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def log_segments(self) -> Path:
        return self.data / "logs"

    @property
    def agent_folder(self) -> Path:
        return self.data / "agent"

    @property
    def agent_socket(self) -> Path:
        return self.agent_folder / "agent.sock"

    @property
    def server_file(self) -> Path:
        """JSON of the running server: pid, endpoint, epoch."""
        return self.data / "server.json"
