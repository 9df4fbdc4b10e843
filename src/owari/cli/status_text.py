"""What `owari status` prints, for a terminal of any width: one screen. Pure.

    endpoint   http://127.0.0.1:4566
    …
    under way  2 jobs run, 14 wait; 1 executions run
    holds      3 Lambda functions, 1 SQS queue

    ! job queue slow              DISABLED: takes no jobs
    · job sim (1a2b3c4d)          RUNNABLE for 2 min: CAPACITY:… - Waiting for 4 vCPUs …

`!` is what somebody has to look at, `·` what merely waits.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import Any

AHEAD_SHOWN_S = 5.0
SHOWN_MAX = 5  # notices of a kind
ALARM, WAITS = "!", "·"
YELLOW, PLAIN = "\x1b[33m", "\x1b[0m"

Json = dict[str, Any]


def text(
    page: Json,
    overview: Json,
    *,
    now: float,
    width: int = 0,
    coloured: bool = False,
    lines_max: int = 0,
) -> str:
    """`width` 0: as wide as it comes. `lines_max` bounds the notices, so that all is one screen."""
    lines = [*facts(page, overview, now=now, width=width)]
    told = [
        *failures(page["failing"], width=width, coloured=coloured),
        *notices(overview, page["clock"]["now"], width=width, coloured=coloured),
    ]
    room = max(SHOWN_MAX, lines_max - len(lines) - 3) if lines_max else len(told)
    if told:
        lines += ["", *told[:room]]
    if len(told) > room:
        lines.append(f"  … {len(told) - room} lines more: owari status --json has all")
    return "\n".join(lines)


# ---- what runs and where
def facts(page: Json, overview: Json, *, now: float, width: int) -> Iterator[str]:
    found: list[tuple[str, str]] = [
        ("endpoint", page["endpoint"]),
        ("version", page["version"]),
        ("data", page["data"]),
        ("up for", duration(page["uptime_s"])),
        *_clock(page["clock"], now),
        ("server", f"pid {page['server']['pid']}, {page['server']['connections']} connections"),
        *(("agent", _agent(agent)) for agent in page["agents"] or [{}]),
        ("under way", _under_way(overview, page["counts"]["effects"])),
        ("holds", _resources(page["counts"]["resources"])),
    ]
    column = max(len(name) for name, _ in found)
    for name, value in found:
        yield from _wrapped(f"{name:<{column}}  ", value, width)


def _clock(clock: Json, now: float) -> list[tuple[str, str]]:
    """Only where it is not what everyone expects."""
    if clock["speed"] == 1.0 and abs(clock["now"] - now) < AHEAD_SHOWN_S:
        return []
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(clock["now"]))
    return [("service time", f"{shown}, {clock['speed']:g} times as fast as real time")]


def _agent(agent: Json) -> str:
    if not agent:
        return "not connected yet"
    return (
        f"pid {agent['pid']}, isolation {agent['isolation']}, {agent['running']} running, "
        f"{agent['waiting']} waiting, {agent['environments']} environments"
    )


def _under_way(overview: Json, effects: int) -> str:
    told = []
    for work in overview["Work"]:
        more = "+" if work["More"] else ""
        parts = [
            f"{work[name]:,}{more} {name.lower()}" for name in ("Running", "Waiting") if work[name]
        ]
        if parts:
            told.append(f"{work['Kind']}: {', '.join(parts)}")
    return "; ".join([*told, f"effects due now or later: {effects:,}"])


def _resources(counts: Mapping[str, int]) -> str:
    if not counts:
        return "nothing yet"
    names = {kind: kind.removeprefix("AWS::").replace("::", " ") for kind in sorted(counts)}
    return ", ".join(f"{name} {counts[kind]:,}" for kind, name in names.items())


# ---- what needs attention
def notices(overview: Json, now: float, *, width: int, coloured: bool) -> Iterator[str]:
    """`now` is service time, epoch seconds."""
    shown: dict[str, int] = {}
    for notice in overview["Notices"]:
        kind = notice["Kind"]
        shown[kind] = shown.get(kind, 0) + 1
        if shown[kind] <= SHOWN_MAX:
            yield from _notice(notice, now, width, coloured)
    for kind, n in overview["NoticeCounts"].items():
        if n > SHOWN_MAX:
            yield f"  … {n - SHOWN_MAX:,} more of kind {kind}"


def _notice(notice: Json, now: float, width: int, coloured: bool) -> Iterator[str]:
    state = notice["State"]
    if "Since" in notice:
        ago = duration(max(0.0, now - notice["Since"].timestamp()))
        state = f"{state} for {ago}" if state else f"{ago} ago"
    sign = ALARM if notice["Alarming"] else WAITS
    words = f"{notice['Kind']} {notice['Name']}: {state + ': ' if state else ''}{notice['Reason']}"
    yield from _signed(sign, words, width, coloured)


def failures(failing: list[Json], *, width: int, coloured: bool) -> Iterator[str]:
    """What Owari itself cannot carry out: it tries again and again, until somebody tells us."""
    for effect in failing[:SHOWN_MAX]:
        words = (
            f"{effect['kind']} {effect['effect']} for {effect['reports_to']} failed"
            f" {effect['times']} times, a bug of Owari: {effect['why']} (`owari up` printed it)"
        )
        yield from _signed(ALARM, words, width, coloured)


def _signed(sign: str, words: str, width: int, coloured: bool) -> Iterator[str]:
    first, *rest = _wrapped(f"{sign} ", words, width)
    yield f"{YELLOW}{sign}{PLAIN}{first[1:]}" if coloured and sign == ALARM else first
    yield from rest


def _wrapped(label: str, value: str, width: int) -> list[str]:
    """The value beside its label, its further lines below its first."""
    if not 0 < width < len(label) + len(value):
        return [label + value]
    room = max(20, width - len(label))
    lines = textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False)
    return [(label if n == 0 else " " * len(label)) + line for n, line in enumerate(lines)]


def duration(seconds: float) -> str:
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (h, "h"), (m, "min")) if n]
    return " ".join(parts[:2]) or f"{s} s"
