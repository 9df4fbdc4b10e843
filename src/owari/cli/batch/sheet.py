"""What `owari job` tells of a job, as pairs of a name and a value. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from owari.cli.batch.counts import STATES, counts_of
from owari.cli.batch.outcome import status
from owari.cli.batch.submission import Part
from owari.cli.workflow.notes import length

COMMAND_MAX = 200

Json = dict[str, Any]


def facts(parts: Sequence[Part], now: float) -> list[tuple[str, str]]:
    """`now` in milliseconds since 1970."""
    details = [part.detail for part in parts]
    first, counts = details[0], counts_of(details)
    rows = [("job", first["jobId"]), ("name", first["jobName"])]
    if len(parts) > 1:
        rows.append(("jobs", f"{len(parts)}: an array of more than 10,000 children is several"))
    rows.append(("status", status(details)))
    if reason := next((d["statusReason"] for d in details if d.get("statusReason")), ""):
        rows.append(("why", reason))
    if counts.total > 1:
        rows.append(("children", _counted(counts.states)))
    rows += _needs(parts[0])
    rows += [("queue", _short(first["jobQueue"])), ("definition", _short(first["jobDefinition"]))]
    if first.get("dependsOn"):
        rows.append(
            ("after", ", ".join(d.get("jobId", d.get("type", "")) for d in first["dependsOn"]))
        )
    return rows + _times(details, now)


def _counted(states: Sequence[int]) -> str:
    words = [f"{n} {name.lower()}" for n, name in zip(states, STATES, strict=True) if n]
    return f"{sum(states)}: {', '.join(words)}"


def _needs(part: Part) -> Iterator[tuple[str, str]]:
    container = part.detail.get("container", {})
    if part.wrapped.program:
        text = shlex.join(part.wrapped.program)
        yield "command", text if len(text) <= COMMAND_MAX else f"{text[: COMMAND_MAX - 1]}…"
    if part.wrapped.folder:
        yield "in", part.wrapped.folder
    if container.get("image"):
        yield "image", container["image"]
    asked = {r["type"]: r["value"] for r in container.get("resourceRequirements", [])}
    words = [f"{asked['VCPU']} vCPU"] if "VCPU" in asked else []
    words += [f"{asked['MEMORY']} MiB"] if "MEMORY" in asked else []
    words += [f"{asked['GPU']} GPU"] if "GPU" in asked else []
    if words:
        yield "takes", ", ".join(words)


def _times(details: Sequence[Json], now: float) -> list[tuple[str, str]]:
    started = [d["startedAt"] for d in details if d.get("startedAt")]
    stopped = [d["stoppedAt"] for d in details if d.get("stoppedAt")]
    over = len(stopped) == len(details)
    rows = [("created", _clock(min(d["createdAt"] for d in details)))]
    if started:
        end = max(stopped) if over else now
        rows.append(("started", _clock(min(started))))
        rows.append(("took" if over else "running", length(max(0.0, (end - min(started)) / 1000))))
    return rows


def _clock(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%Y-%m-%d %H:%M:%S")


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def attempts(detail: Json) -> list[str]:
    """A line for each that ended, then that which runs."""
    found = []
    for number, attempt in enumerate(detail.get("attempts", []), 1):
        found.append(f"attempt {number}  {attempt_text(attempt)}")
    if detail["status"] in ("STARTING", "RUNNING"):
        found.append(f"attempt {len(found) + 1}  {detail['status'].lower()}")
    return found


def attempt_text(attempt: Json) -> str:
    """`exit 3 after 1.2 s: reason`."""
    container = attempt.get("container", {})
    words = [f"exit {container['exitCode']}"] if "exitCode" in container else ["no exit status"]
    if attempt.get("startedAt") and attempt.get("stoppedAt"):
        words.append(f"after {length((attempt['stoppedAt'] - attempt['startedAt']) / 1000)}")
    reasons = [container.get("reason"), attempt.get("statusReason")]
    told = ": ".join(reason for reason in reasons if reason)
    return " ".join(words) + (f": {told}" if told else "")
