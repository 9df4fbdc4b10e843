"""What `owari status` prints, and the command on a real server."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from owari.cli.status_text import text
from tests.support.server import OWARI, Server, eventually

NOW = 1_900_000_000.0
PAGE = {
    "endpoint": "http://h:1", "version": "1", "data": "/d", "uptime_s": 3700.0,
    "clock": {"now": NOW, "speed": 1.0}, "server": {"pid": 7, "connections": 1}, "agents": [],
    "counts": {"effects": 3, "resources": {"AWS::SQS::Queue": 2, "AWS::Lambda::Function": 1200}},
    "failing": [],
}  # fmt: skip


def notice(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"Kind": kind, "Name": name, "State": "", "Reason": "why", "Alarming": True} | more


def overview(*notices: dict[str, Any], counts: dict[str, int] | None = None) -> dict[str, Any]:
    work = [
        {"Kind": "jobs", "Running": 2, "Waiting": 1000, "More": True},
        {"Kind": "tasks", "Running": 0, "Waiting": 0, "More": False},
    ]
    return {"Work": work, "Notices": list(notices), "NoticeCounts": counts or {}}


def test_what_is_told() -> None:
    since = datetime.fromtimestamp(NOW - 130, UTC)
    waits = notice("job", "sim (1)", State="RUNNABLE", Alarming=False, Since=since)
    missed = notice("schedule", "s", Alarming=False, Since=since)
    told = overview(notice("job queue", "q", State="DISABLED"), waits, missed)
    assert text(PAGE, told, now=NOW).splitlines() == [
        "endpoint   http://h:1",
        "version    1",
        "data       /d",
        "up for     1 h 1 min",
        "server     pid 7, 1 connections",
        "agent      not connected yet",
        "under way  jobs: 2+ running, 1,000+ waiting; effects due now or later: 3",
        "holds      Lambda Function 1,200, SQS Queue 2",
        "",
        "! job queue q: DISABLED: why",
        "· job sim (1): RUNNABLE for 2 min: why",
        "· schedule s: 2 min ago: why",
    ]


def test_what_owari_itself_cannot_do_comes_first() -> None:
    effect = {"effect": "1-2", "kind": "Run", "reports_to": "batch:ended", "times": 3, "why": "oh"}
    told = text(PAGE | {"failing": [effect]}, overview(notice("job", "j")), now=NOW)
    assert told.splitlines()[-2:] == [
        "! Run 1-2 for batch:ended failed 3 times, a bug of Owari: oh (`owari up` printed it)",
        "! job j: why",
    ]


def test_it_fits_a_narrow_terminal_and_one_screen() -> None:
    many = [notice("job", f"number-{n}", Reason="a reason of some length " * 3) for n in range(20)]
    others = [notice("task", f"number-{n}") for n in range(20)]
    told = overview(*many, *others, counts={"job": 90, "task": 20})
    lines = text(PAGE, told, now=NOW, width=40, lines_max=24).splitlines()
    assert max(map(len, lines)) <= 50 and len(lines) <= 24
    assert "lines more" in lines[-1]
    whole = text(PAGE, told, now=NOW).splitlines()
    assert "  … 85 more of kind job" in whole and "  … 15 more of kind task" in whole


def test_only_what_is_alarming_is_coloured_and_only_on_a_terminal() -> None:
    told = overview(notice("job queue", "q"), notice("job", "j", Alarming=False))
    assert "\x1b" not in text(PAGE, told, now=NOW)
    lines = text(PAGE, told, now=NOW, coloured=True).splitlines()
    assert lines[-2].startswith("\x1b[33m!\x1b[0m job queue") and lines[-1].startswith("· job")


def test_a_fast_clock_is_told() -> None:
    page = PAGE | {"clock": {"now": NOW + 60, "speed": 60.0}}
    assert "60 times as fast as real time" in text(page, overview(), now=NOW)


def test_a_real_server(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        sqs, lambda_ = server.client("sqs"), server.client("lambda")
        url = sqs.create_queue(QueueName="work")["QueueUrl"]
        server.function("f", "def handler(event, context): pass")
        source = "arn:aws:sqs:us-east-1:000000000000:work"
        lambda_.create_event_source_mapping(EventSourceArn=source, FunctionName="f")
        sqs.delete_queue(QueueUrl=url)

        def asked(*options: str) -> str:
            command = [OWARI, "status", "--endpoint", server.endpoint, *options]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
            return done.stdout

        line = "! event source mapping work → f: Enabled: PROBLEM: "
        eventually(lambda: line in asked())
        [told] = json.loads(asked("--json"))["overview"]["Notices"]
        assert (told["Kind"], told["Alarming"]) == ("event source mapping", True)
