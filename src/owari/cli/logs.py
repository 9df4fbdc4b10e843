"""`owari logs`: the events of a log group, and those that are still to come."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from owari.cli.batch.job_log import JobLog, json_line
from owari.cli.batch.streams import Streams
from owari.cli.batch.submission import NoJob, is_id
from owari.cli.client import connect

POLL_MIN_S, POLL_MAX_S = 0.2, 1.0
OVERLAP_MS = 10_000  # events may arrive this late
FOLLOW_FROM_MS = 600_000  # what -f shows of the past, unless --since says otherwise

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LAMBDA_STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?:.*?)\[(.+)\]([0-9a-f]{8})[0-9a-f]*$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "group", metavar="GROUP", help="a log group, a function's name, or JOB[:INDEX]"
    )
    parser.add_argument("stream", metavar="STREAM", nargs="?", help="only streams that begin so")
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on until Ctrl-C, or the job's end"
    )
    parser.add_argument(
        "--since", type=since, metavar="WHEN", help="30s, 10m, 2h, 1d ago, or 2030-01-31T12:00"
    )
    parser.add_argument(
        "--filter", default="", metavar="PATTERN", help="a CloudWatch Logs filter pattern"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object for each event")


def since(text: str) -> int:
    """Milliseconds since 1970 of `10m` ago or of an ISO time (local, unless it says)."""
    ago = re.fullmatch(r"(\d{1,9})([smhdw])", text)
    if ago:
        return int((time.time() - int(ago[1]) * _UNITS[ago[2]]) * 1000)
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is neither like 10m nor like 2030-01-31T12:00"
        raise argparse.ArgumentTypeError(message) from error


def groups_meant(name: str) -> list[str]:
    """The group of that name, else the function's."""
    return [name] if "/" in name else [name, f"/aws/lambda/{name}"]


def stream_label(name: str) -> str:
    """`2030/01/31/[$LATEST]0f1e2d3c…` → `0f1e2d3c`; other names from their last part."""
    found = _LAMBDA_STREAM.match(name)
    return found[2] if found else name.rsplit("/", 1)[-1][-20:]


def event_line(event: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone()
    clock = at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"
    return f"{clock}  {stream_label(event['logStreamName'])}  {event['message'].rstrip()}"


class Tail:
    """Events of a group that were not given before. `start` moves on with them."""

    def __init__(self, logs: Any, group: str, asked: dict[str, Any], start: int) -> None:
        self.logs = logs
        self.group = group
        self.asked = asked
        self.start = start
        self._seen: dict[str, int] = {}

    def new(self) -> Iterator[dict[str, Any]]:
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.group, startTime=self.start, **self.asked
        )
        latest = self.start + OVERLAP_MS
        for page in pages:
            for event in page["events"]:
                if event["eventId"] not in self._seen:
                    self._seen[event["eventId"]] = event["timestamp"]
                    latest = max(latest, event["timestamp"])
                    yield event
        self.start = latest - OVERLAP_MS
        self._seen = {e: at for e, at in self._seen.items() if at >= self.start}


def run(args: argparse.Namespace) -> int:
    try:
        return _run(args)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # `owari logs G | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ClientError, BotoCoreError, NoJob) as error:
        print(f"owari logs: {error}", file=sys.stderr)
        return 1


def _run(args: argparse.Namespace) -> int:
    logs = connect(args, "logs")
    asked: dict[str, Any] = {}
    if args.filter:
        asked["filterPattern"] = args.filter
    if args.stream:
        asked["logStreamNamePrefix"] = args.stream
    no_group = ":" in args.group or is_id(args.group)  # a group's name has no colon
    group = None if no_group else _existing(logs, args.group)
    if group is None and (job := _job_log(args, logs, asked)):
        job.follow() if args.follow else job.show()
        return 0
    start = args.since
    if start is None:
        start = int(time.time() * 1000) - FOLLOW_FROM_MS if args.follow else 0
    if group is None and not args.follow:
        print(f"owari logs: there is no log group or job {args.group}", file=sys.stderr)
        return 1
    if not args.follow:
        assert group is not None
        _show(Tail(logs, group, asked, start), args.json)
        return 0
    return _follow(args, logs, group, asked, start)


def _job_log(args: argparse.Namespace, logs: Any, asked: dict[str, Any]) -> JobLog | None:
    """None when the name is no job's. Raises NoJob when it can be nothing else."""
    if "/" in args.group and not args.group.startswith("arn:"):
        return None
    try:
        streams = Streams(connect(args, "batch"), args.group)
    except NoJob:
        if ":" in args.group or is_id(args.group):
            raise
        return None
    start = streams.since if args.since is None else args.since
    return JobLog(
        streams,
        lambda group, more, at: Tail(logs, group, more, at),
        asked,
        start,
        as_json=args.json,
    )


def _existing(logs: Any, name: str) -> str | None:
    for group in groups_meant(name):
        page = logs.describe_log_groups(logGroupNamePrefix=group, limit=1)["logGroups"]
        if page and page[0]["logGroupName"] == group:
            return group
    return None


def _show(tail: Tail, as_json: bool) -> bool:
    """Print what is new; whether there was any."""
    any_new = False
    for event in tail.new():
        print(json_line(event, "") if as_json else event_line(event))
        any_new = True
    sys.stdout.flush()
    return any_new


def _follow(
    args: argparse.Namespace, logs: Any, group: str | None, asked: dict[str, Any], start: int
) -> int:
    """Poll, less and less often while nothing comes. A group that is not there yet may come."""
    tail = Tail(logs, group, asked, start) if group else None
    pause = POLL_MIN_S
    while True:
        if tail is None and (group := _existing(logs, args.group)):
            tail = Tail(logs, group, asked, start)
        news = tail is not None and _show(tail, args.json)
        pause = POLL_MIN_S if news else min(POLL_MAX_S, pause * 1.5)
        time.sleep(pause)
