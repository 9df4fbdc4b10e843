"""A world that tells which tables were ever written to, whatever is left in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from owari.effects import Report
from owari.kernel import Context, Work
from tests.support.world import ACCOUNT, REGION, World

SYSTEM = Context(ACCOUNT, REGION, "owari", "system", "system")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
DAY = 86_400.0


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class Watched(World):
    def __init__(self, folder: Path) -> None:
        self._written: set[str] = set()
        super().__init__(folder)

    def _open(self) -> None:
        super()._open()
        run = self.kernel.writer.execute
        run("CREATE TEMP TABLE written (name TEXT PRIMARY KEY)")
        for table in self.tables():
            run(
                f"CREATE TEMP TRIGGER written_{table} AFTER INSERT ON main.{table}"
                f" BEGIN INSERT OR IGNORE INTO written VALUES ('{table}'); END"
            )

    def close(self) -> None:
        self._written = self.written()
        super().close()

    def written(self) -> set[str]:
        """Tables that a row was ever put into."""
        now = {row[0] for row in self.kernel.writer.execute("SELECT name FROM temp.written")}
        return self._written | now

    def abandon(self, service: str, operation: str, **params: Any) -> None:
        """A call whose caller is gone before it is answered."""
        context = Context(ACCOUNT, REGION, SYSTEM.principal, "abandoned", "t")
        work = self.kernel.operation_work(context, service, operation, params, lambda _r, _e: None)
        self.kernel.submit(work)
        while self.turn():
            pass
        self.crash()

    def tell(self, service: str, topic: str, result: dict[str, Any], key: str = "") -> None:
        """What the host does when compute says something."""
        reaction = self.registry.reactions[service, topic]
        report = Report("system", key, 1, result)
        self.kernel.submit(Work(SYSTEM, lambda tx: reaction(tx, report), lambda _r, _e: None))
        while self.turn():
            pass

    def machine(self, service: str) -> None:
        instance = self.compute.instance
        agent = {"instance": instance, "vcpus": 16, "memory_mib": 16_384, "gpus": 0}
        self.tell(service, "capacity", {"agents": [agent]})

    def lose(self) -> None:
        """The agent dies with what it ran; another takes its place."""
        self.compute.lose()
        self.engine.agent_changed(self.compute.instance, self.compute.known())
        while self.turn():
            pass
