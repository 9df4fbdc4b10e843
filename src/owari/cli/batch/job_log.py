"""`owari logs JOB[:INDEX]`: what a job's children print, also while they run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from owari.cli.batch.streams import Streams

POLL_MIN_S, POLL_MAX_S = 0.2, 1.0
QUIET_S = 1.0  # after a job's end its last lines may still be under way

Json = dict[str, Any]


class Tail(Protocol):
    """logs.Tail"""

    asked: Json

    def new(self) -> Iterator[Json]: ...


class JobLog:
    """`tail` makes a logs.Tail of (group, parameters, start in milliseconds); `as_json`: an
    object for each event."""

    def __init__(
        self,
        streams: Streams,
        tail: Callable[[str, Json, int], Tail],
        asked: Json,
        start: int,
        *,
        as_json: bool = False,
    ) -> None:
        self.line = json_line if as_json else line
        self.streams = streams
        self.more = asked
        self.tail = tail(streams.group, asked | streams.asked, start)

    def show(self) -> bool:
        """Print what is new; whether there was any."""
        any_new = False
        if not self.streams.names:
            return False
        self.tail.asked = self.more | self.streams.asked
        try:
            for event in self.tail.new():
                name = self._whose(event["logStreamName"])
                if name:
                    print(self.line(event, name))
                    any_new = True
        except ClientError as error:  # the first line makes the group and the stream
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
        sys.stdout.flush()
        return any_new

    def _whose(self, stream: str) -> str:
        """Empty: another job's."""
        if stream not in self.streams.names and not self.streams.over:
            self.streams.learn()
        return self.streams.names.get(stream, "")

    def follow(self) -> None:
        """Until the job has ended and nothing more comes."""
        pause, quiet = POLL_MIN_S, time.monotonic()
        while True:
            over = self.streams.over
            if not over:
                self.streams.learn()
            now = time.monotonic()
            if self.show():
                pause, quiet = POLL_MIN_S, now
            elif over and now - quiet > QUIET_S:
                return
            else:
                pause = min(POLL_MAX_S, pause * 1.5)
            if not over:
                quiet = now
            time.sleep(pause)


def json_line(event: Json, name: str) -> str:
    """`name` empty: no job's."""
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    shown: Json = {"time": at.isoformat(timespec="milliseconds"), "stream": event["logStreamName"]}
    if number := name.partition(":")[2]:
        shown["child"] = int(number)
    return json.dumps(shown | {"message": event["message"]}, ensure_ascii=False)


def line(event: Json, name: str) -> str:
    """`12:00:01.250  7  text`: a child by its number, a job of its own by nothing."""
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone()
    clock = at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"
    number = name.partition(":")[2]
    return f"{clock}  {number + '  ' if number else ''}{event['message'].rstrip()}"
