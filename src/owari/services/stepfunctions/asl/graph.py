"""The states as a graph: targets that exist, states that can be reached, unique names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from owari.services.stepfunctions.asl.diagnostics import DUPLICATE, NO_END, TARGET, Findings

Json = dict[str, Any]
ENDS = ("Succeed", "Fail")


def transitions(state: Json) -> Iterator[tuple[str, str]]:
    """(field, target) of each way out of a state."""
    if isinstance(state.get("Next"), str):
        yield "Next", state["Next"]
    if isinstance(state.get("Default"), str):
        yield "Default", state["Default"]
    for field in ("Choices", "Catch"):
        for at, entry in enumerate(state.get(field) or ()):
            if isinstance(entry, dict) and isinstance(entry.get("Next"), str):
                yield f"{field}[{at}]/Next", entry["Next"]


def check_targets(source: Json, place: str, findings: Findings) -> None:
    states, start = source["States"], source["StartAt"]
    if start not in states:
        findings.add(TARGET, f"Missing 'Next' target: {start}", f"{place}/StartAt")
    for name, state in states.items():
        for field, target in transitions(state):
            if target not in states:
                where = f"{place}/States/{name}/{field}"
                findings.add(TARGET, f"Missing 'Next' target: {target}", where)
    seen = _reachable(start, states)
    for name in states:
        if name not in seen:
            where = f"{place}/States/{name}"
            findings.add(TARGET, f'State "{name}" is not reachable.', where)
    if not place and not any(s["Type"] in ENDS or s.get("End") is True for s in states.values()):
        findings.add(NO_END, "Workflow has no terminal state", None)


def _reachable(start: str, states: Json) -> set[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        name = left.pop()
        if name in seen or name not in states:
            continue
        seen.add(name)
        left += [target for _, target in transitions(states[name])]
    return seen


def check_names(source: Json, place: str, findings: Findings, seen: set[str]) -> None:
    """State names are unique within the whole machine."""
    for name, state in source["States"].items():
        where = f"{place}/States/{name}"
        if name in seen:
            findings.add(DUPLICATE, f"Duplicate State name: {name}", where)
        seen.add(name)
        for field, part in _parts(state):
            check_names(part, f"{where}/{field}", findings, seen)


def _parts(state: Json) -> Iterator[tuple[str, Json]]:
    for at, branch in enumerate(state.get("Branches") or ()):
        yield f"Branches[{at}]", branch
    for field in ("ItemProcessor", "Iterator"):
        if field in state:
            yield field, state[field]


LABEL_MAX = 40


def check_labels(source: Json, place: str, findings: Findings, seen: set[str]) -> None:
    """Labels of distributed Maps are short, and unique within the whole machine."""
    for name, state in source["States"].items():
        where, label = f"{place}/States/{name}", state.get("Label")
        if isinstance(label, str):
            if len(label) > LABEL_MAX:
                told = f"Label '{label}' exceeds the {LABEL_MAX}-character limit allowed by the"
                findings.add("INVALID_LABEL_NAME", f"{told} service", f"{where}/Label")
            if label in seen:
                told = f"Duplicate Label name: {label}"
                findings.add("DUPLICATE_LABEL_NAME", told, f"{where}/Label")
            seen.add(label)
        for field, part in _parts(state):
            check_labels(part, f"{where}/{field}", findings, seen)
