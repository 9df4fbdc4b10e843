"""`owari status`: whether Owari runs, where, and what it holds."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from owari.cli.find import NotRunning, endpoint, page

AHEAD_SHOWN_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 when it does not run."""
    try:
        found = page(endpoint(args), "/_owari/status")
    except NotRunning as error:
        print(f"owari status: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2) if args.json else _text(found))
    return 0


def _text(found: dict[str, Any]) -> str:
    lines: list[tuple[str, str]] = [
        ("endpoint", found["endpoint"]),
        ("version", found["version"]),
        ("data", found["data"]),
        ("up for", _duration(found["uptime_s"])),
        *_clock(found["clock"]),
        ("server", f"pid {found['server']['pid']}, {found['server']['connections']} connections"),
        *(("agent", _agent(agent)) for agent in found["agents"] or [{}]),
        ("due work", str(found["counts"]["effects"])),
        *sorted((kind, str(n)) for kind, n in found["counts"]["resources"].items()),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def _clock(clock: dict[str, Any]) -> list[tuple[str, str]]:
    """Only where it is not what everyone expects."""
    ahead = clock["now"] - time.time()
    if clock["speed"] == 1.0 and abs(ahead) < AHEAD_SHOWN_S:
        return []
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(clock["now"]))
    return [("service time", f"{now}, {clock['speed']:g} times as fast as real time")]


def _agent(agent: dict[str, Any]) -> str:
    if not agent:
        return "not connected yet"
    return (
        f"pid {agent['pid']}, isolation {agent['isolation']}, {agent['running']} running, "
        f"{agent['waiting']} waiting, {agent['environments']} environments"
    )


def _duration(seconds: float) -> str:
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (h, "h"), (m, "min")) if n]
    return " ".join(parts[:2]) or f"{s} s"
