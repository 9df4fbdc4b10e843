"""The live view of a submission: redrawn in place, or, not on a terminal, a line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from owari.cli.batch.counts import ENDED, Counts, bar, counts_of, ended_text, told
from owari.cli.batch.pace import Pace
from owari.cli.batch.submission import NoJob, describe
from owari.cli.workflow.following import AWAY, AWAY_MAX_S

POLL_MIN_S, POLL_BUSY_S, POLL_MAX_S = 0.1, 0.5, 1.0
LENGTHS_EVERY_S = 2.0
LENGTHS_PAGE = 100
LINE_EVERY_S = 30.0  # not on a terminal, though nothing ended
BAR_MAX = 40
INTERRUPTED = 130


@dataclass(slots=True)
class View:
    """Shows counts on `out`; `began` is when the looking began (seconds of a monotonic clock)."""

    title: str
    began: float
    out: TextIO = field(default_factory=lambda: sys.stderr)
    _stage: tuple[int, ...] = ()
    _said: float = 0.0
    _drawn: bool = False

    def show(self, counts: Counts, pace: Pace, waits: str, now: float) -> None:
        if self.out.isatty():
            self._redraw(counts, pace, waits)
        else:
            self._tell(counts, pace, waits, now)

    def _redraw(self, counts: Counts, pace: Pace, waits: str) -> None:
        columns = shutil.get_terminal_size().columns
        text = told(counts, pace)
        room = min(BAR_MAX, columns - len(text) - 3)
        drawn = bar(counts, room, coloured=True) + "  " if room >= 10 else ""
        below = f"  {waits}"[: columns - 1] if waits and not counts.running else ""
        up = "\x1b[2F" if self._drawn else ""
        self._drawn = True
        lines = f"\x1b[2K{drawn}{text[: columns - 1]}\n\x1b[2K{below}\n"
        print(up + lines, end="", file=self.out, flush=True)

    def _tell(self, counts: Counts, pace: Pace, waits: str, now: float) -> None:
        """A line per tenth that ended, the first that failed, and every half minute."""
        tenth = 10 * counts.ended // max(1, counts.total)
        stage = (tenth, counts.running > 0, counts.of("FAILED") > 0)
        if stage == self._stage and now - self._said < LINE_EVERY_S:
            return
        self._stage, self._said = stage, now
        why = f" · {waits}" if waits and not counts.running else ""
        text = f"{now - self.began:8.1f} s  {self.title}  {told(counts, pace)}{why}"
        print(text, file=self.out, flush=True)


def follow(batch: Any, ids: Sequence[str], title: str) -> list[dict[str, Any]]:
    """Until all have ended; their JobDetails. Raises ClientError, NoJob, KeyboardInterrupt."""
    began = seen = time.monotonic()
    view, pace, pause = View(title, began), Pace(), POLL_MIN_S
    before: Counts | None = None
    measured = began
    while True:
        try:
            details = describe(batch, ids)
            if time.monotonic() - measured > LENGTHS_EVERY_S:
                pace.longest_s = max(pace.longest_s, _longest_s(batch, details))
                measured = time.monotonic()
        except AWAY:  # an Owari that is started again goes on with its jobs
            if time.monotonic() - seen > AWAY_MAX_S:
                raise
            time.sleep(pause)
            continue
        if len(details) < len(ids):
            raise NoJob("it is not there any more")
        seen = time.monotonic()
        counts = counts_of(details)
        pace.observe(seen, counts.ended, counts.running)
        over = all(job["status"] in ENDED for job in details)
        view.show(counts, pace, _waits(details), seen)
        if over:
            print(summary(title, details), file=view.out, flush=True)
            return details
        shortest = min(POLL_BUSY_S, max(POLL_MIN_S, (seen - began) / 20))
        pause = shortest if counts != before else min(POLL_MAX_S, pause * 1.3)
        before = counts
        time.sleep(pause)


def _longest_s(batch: Any, details: Sequence[dict[str, Any]]) -> float:
    """Of some children that succeeded, and of those that run, of the first array under way."""
    for job in details:
        if job.get("arrayProperties", {}).get("size") and job["status"] not in ENDED:
            return max(_lengths(batch, job["jobId"]), default=0.0)
    return 0.0


def _lengths(batch: Any, id: str) -> Iterator[float]:
    now = time.time() * 1000
    for state in ("RUNNING", "SUCCEEDED"):
        page = batch.list_jobs(arrayJobId=id, jobStatus=state, maxResults=LENGTHS_PAGE)
        for child in page["jobSummaryList"]:
            if child.get("startedAt"):
                yield ((child.get("stoppedAt") or now) - child["startedAt"]) / 1000


def _waits(details: Sequence[dict[str, Any]]) -> str:
    """Why the first that does not run does not."""
    waiting = (j for j in details if j["status"] in ("RUNNABLE", "PENDING"))
    return next((j["statusReason"] for j in waiting if j.get("statusReason")), "")


def summary(title: str, details: Sequence[dict[str, Any]]) -> str:
    started = [job["startedAt"] for job in details if job.get("startedAt")]
    stopped = [job["stoppedAt"] for job in details if job.get("stoppedAt")]
    took = (max(stopped) - min(started)) / 1000 if started and stopped else None
    return f"{title}: {ended_text(counts_of(details), None if took is None else max(0.0, took))}"


def goes_on(command: str, name: str, place: str, out: TextIO) -> None:
    """What is said when the looking, not the job, was ended."""
    print(f"\n{command}: {name} goes on running", file=out)
    print(f"  look:  owari job {name} --follow{place}", file=out)
    print(f"  end:   owari cancel {name} --terminate{place}", file=out)
