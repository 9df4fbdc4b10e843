"""A trace's spans as a tree of lines. Pure.

    1-6a0c…  29 Nov 13:52:07.104  2.31 s
       0 ms           s3:PutObject s3://videos/in/a.mp4
       1 ms     2 ms  └ lambda:Invoke starter
       3 ms   120 ms    └ run starter

The first column is when it began, after the trace did; the second how long it took. What a parent
caused many times over, alike and without consequences of its own, is one line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

Span = dict[str, Any]

ALIKE_MIN = 4


def lines(found: dict[str, Any]) -> Iterator[str]:
    spans: list[Span] = found["Spans"]
    known = {span["SpanId"] for span in spans}
    below: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        parent = span.get("ParentId", "")
        below[parent if parent in known and parent != span["SpanId"] else ""].append(span)
    start = min(span["EmittedAt"] for span in spans).timestamp()
    end = max(_latest(s).timestamp() for s in spans)
    first = min(span["EmittedAt"] for span in spans).astimezone()
    yield f"{found['TraceId']}  {first:%d %b %H:%M:%S}.{first.microsecond // 1000:03d}" + (
        f"  {_duration(end - start)}"
    )
    yield from _branch(_gathered(_attempts(below[""]), below), below, start, "", top=True)
    if found.get("Truncated"):
        yield f"… the first {len(spans):,} of more"


def _attempts(spans: list[Span]) -> list[list[Span]]:
    """The attempts of one effect stand together, in their order."""
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span["SpanId"], []).append(span)
    return [sorted(group, key=lambda span: span["Attempt"]) for group in found.values()]


def _gathered(groups: list[list[Span]], below: dict[str, list[Span]]) -> list[list[Span]]:
    """Leaves that look alike become one entry, where they are many."""
    alike: dict[tuple[Any, ...], list[list[Span]]] = {}
    for group in groups:
        span = group[-1]
        leaf = not below.get(span["SpanId"])
        key = (span["Kind"], span["Name"], _stem(span), span["Status"], span.get("Principal"))
        alike.setdefault(key if leaf else (id(group),), []).append(group)
    made = []
    for members in alike.values():
        if len(members) < ALIKE_MIN:
            made += members
        else:
            made.append([_sum(members)])
    return sorted(made, key=lambda group: group[0]["EmittedAt"])


def _sum(members: list[list[Span]]) -> Span:
    spans = [span for group in members for span in group]
    one = dict(members[0][0])
    one["Subject"] = f"{_stem(one)} × {len(members):,}".strip()
    one.pop("Made", None)
    one["BeganAt"] = min(_began(s) for s in spans)
    if all("EndedAt" in s for s in spans):
        one["EndedAt"] = max(s["EndedAt"] for s in spans)
    return one


def _stem(span: Span) -> str:
    """Of a child of an array the job, of an object the folder."""
    subject: str = span.get("Subject", "")
    if subject.startswith("s3://"):
        return subject.rpartition("/")[0] + "/…"
    head, colon, index = subject.rpartition(":")
    return f"{head}:…" if colon and index.isdecimal() and span["Kind"] == "run" else subject


def _branch(
    groups: list[list[Span]],
    below: dict[str, list[Span]],
    start: float,
    indent: str,
    *,
    top: bool = False,
) -> Iterator[str]:
    for place, group in enumerate(groups):
        last = place == len(groups) - 1
        mark = "" if top else "└ " if last else "├ "
        deeper = indent + ("" if top else "  " if last else "│ ")
        children = below.get(group[-1]["SpanId"], [])
        for span, caused in _by_attempt(group, children):
            yield _line(span, start, indent + mark)
            yield from _branch(_gathered(_attempts(caused), below), below, start, deeper)


def _by_attempt(group: list[Span], children: list[Span]) -> Iterator[tuple[Span, list[Span]]]:
    """Each attempt with what was caused while it was the last to have begun."""
    begun = [span for span in group if "BeganAt" in span] or group[:1]
    after = {id(span): following for span, following in pairwise(begun)}
    for span in group:
        if not any(span is one for one in begun):
            yield span, []
            continue
        least = None if span is begun[0] else _began(span)
        most = _began(after[id(span)]) if id(span) in after else None
        yield (
            span,
            [
                child
                for child in children
                if (least is None or child["EmittedAt"] >= least)
                and (most is None or child["EmittedAt"] < most)
            ],
        )


def _began(span: Span) -> datetime:
    began: datetime = span["BeganAt" if "BeganAt" in span else "EmittedAt"]
    return began


def _latest(span: Span) -> datetime:
    latest: datetime = span["EndedAt" if "EndedAt" in span else "EmittedAt"]
    return latest


def _line(span: Span, start: float, indent: str) -> str:
    began = _began(span).timestamp()
    took = ""
    if "EndedAt" in span and span["Kind"] != "request":
        took = _duration(span["EndedAt"].timestamp() - began)
    words = [span["Name"] if span["Kind"] != "run" else f"run {_runs(span)}"]
    if subject := span.get("Subject"):
        words.append(_short(subject))
    if made := span.get("Made"):
        words.append(f"→ {_few(made)}")
    if span["Attempt"] > 1:
        words.append(f"(attempt {span['Attempt']})")
    if span["Status"] != "ok":
        words.append(f"[{span['Status']}]")
    at = "" if span["Attempt"] > 1 and "BeganAt" not in span else _duration(began - start)
    return f"{at:>9} {took:>9}  {indent}{' '.join(words)}"


RUNS = {
    "lambda": "function", "lambda.batch": "function", "batch": "job", "ecs": "container",
}  # fmt: skip


def _runs(span: Span) -> str:
    name: str = span["Name"]
    return RUNS.get(name, name)


def _few(made: str) -> str:
    """Of the ids of a batch the first."""
    first, *others = made.split(" ")
    return f"{_short(first)} and {len(others)} more" if others else _short(first)


def _short(subject: str) -> str:
    """Of an ARN the resource, of a queue's URL its name."""
    if subject.startswith("arn:"):
        return subject.split(":", 5)[5]
    if subject.startswith("http"):
        return subject.rpartition("/")[2]
    return subject


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.2f} s"
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
