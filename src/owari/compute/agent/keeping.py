"""What is kept started for the server (provisioned concurrency), and what it is told of that."""

from __future__ import annotations

from collections.abc import Callable

from owari.compute.agent.link import Link
from owari.compute.pool.pool import Pool


class Keeping:
    """`link()` is the server's connection, if there is one. Wishes are of one connection."""

    def __init__(self, pool: Pool, link: Callable[[], Link | None]) -> None:
        self.pool = pool
        self.link = link
        self._wishes: dict[str, int] = {}  # identity → the number of its definition
        self._why: dict[str, str] = {}  # the last start failed
        self._told: dict[str, tuple[int, str]] = {}

    def wished(self, identity: str, definition: int, count: int) -> None:
        self._why.pop(identity, None)
        self._told.pop(identity, None)
        if count:
            self._wishes[identity] = definition
        else:
            self._wishes.pop(identity, None)

    def forget(self) -> None:
        """Another server is there: it will say what it wishes."""
        self._wishes.clear()
        self._why.clear()
        self._told.clear()

    def failed(self, identity: str, why: str) -> None:
        """An environment could not be started."""
        if identity in self._wishes:
            self._why[identity] = why

    def tell(self) -> None:
        """What has changed."""
        for identity, definition in self._wishes.items():
            kept, there = self.pool.kept_of(identity)
            if there >= kept:
                self._why.pop(identity, None)
            state = (min(there, kept), self._why.get(identity, ""))
            link = self.link()
            if link is not None and self._told.get(identity) != state:
                self._told[identity] = state
                link.send({"k": "kept", "n": definition, "count": state[0], "why": state[1]})
