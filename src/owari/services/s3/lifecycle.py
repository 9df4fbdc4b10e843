"""Lifecycle rules: validated, and what they say about one version on one day. Pure.

Source: S3 User Guide, "Lifecycle configuration elements" and "Expiring objects": ages are
counted in whole days and round up to the next midnight UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from owari.errors import ServiceError
from owari.services.s3 import errors
from owari.services.s3.drafts import STORAGE_CLASSES

Document = dict[str, Any]

DAY_S = 86_400
RULES_MAX = 1000
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)
DEFAULT_MINIMUM = "all_storage_classes_128K"


def midnight_after(time: float) -> float:
    """The next midnight UTC; `time` itself if it is one."""
    return -(-time // DAY_S) * DAY_S


# ---- validation
def normalised(document: Mapping[str, Any], new_id: Callable[[], str]) -> Document:
    """Rules with ids. Raises InvalidArgument, InvalidRequest, MalformedXML."""
    rules = [dict(rule) for rule in document.get("Rules") or ()]
    if not 1 <= len(rules) <= RULES_MAX:
        raise errors.malformed_xml()
    for rule in rules:
        rule["ID"] = rule.get("ID") or new_id()
        _check(rule)
    if len({rule["ID"] for rule in rules}) < len(rules):
        raise errors.invalid_argument(
            "Rule ID must be unique. Found same ID for more than one rule"
        )
    return {"Rules": rules}


def _check(rule: Document) -> None:
    if len(rule["ID"]) > 255:
        raise errors.invalid_argument("ID length should not exceed allowed limit of 255")
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise errors.malformed_xml()
    if ("Filter" in rule) == ("Prefix" in rule):
        raise errors.malformed_xml()
    if not any(rule.get(action) for action in _ACTIONS):
        raise errors.invalid_request("At least one action needs to be specified in a rule.")
    _check_expiration(rule.get("Expiration") or {})
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    abort = rule.get("AbortIncompleteMultipartUpload") or {}
    for days, name in (
        (noncurrent.get("NoncurrentDays"), "NoncurrentVersionExpiration"),
        (abort.get("DaysAfterInitiation"), "AbortIncompleteMultipartUpload"),
    ):
        if days is not None and days < 1:
            raise _not_positive(name)
    for transition in rule.get("Transitions") or ():
        _check_transition(transition)


def _not_positive(action: str) -> ServiceError:
    return errors.invalid_argument(f"'Days' for {action} action must be a positive integer")


def _check_expiration(expiration: Document) -> None:
    if len(expiration.keys() & {"Days", "Date", "ExpiredObjectDeleteMarker"}) > 1:
        raise errors.malformed_xml()
    if "Days" in expiration and expiration["Days"] < 1:
        raise _not_positive("Expiration")
    if "Date" in expiration and expiration["Date"] % DAY_S:
        raise errors.invalid_argument("'Date' must be at midnight GMT")


def _check_transition(transition: Document) -> None:
    if transition.get("StorageClass") not in STORAGE_CLASSES - {"STANDARD", "REDUCED_REDUNDANCY"}:
        raise errors.malformed_xml()
    if ("Days" in transition) == ("Date" in transition):
        raise errors.malformed_xml()
    if transition.get("Date", 0) % DAY_S:
        raise errors.invalid_argument("'Date' must be at midnight GMT")


# ---- what a rule says
@dataclass(frozen=True, slots=True)
class Candidate:
    """A version as rules see it. `rank`: how many versions of its key are newer; `newer`: when
    the next newer one was made (it is noncurrent since); `alone`: the key has no other."""

    key: str
    size: int
    tags: Mapping[str, str]
    marker: bool
    modified: float
    storage_class: str
    rank: int = 0
    newer: float = 0.0
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Expire:
    """The current version goes: for good, or behind a delete marker."""


@dataclass(frozen=True, slots=True)
class Remove:
    """This version goes for good."""


@dataclass(frozen=True, slots=True)
class Transition:
    storage_class: str


Decision = Expire | Remove | Transition | None


def decide(rules: Iterable[Document], candidate: Candidate, now: float) -> Decision:
    """Expiration has precedence over a transition."""
    found: Decision = None
    for rule in rules:
        if rule["Status"] != "Enabled" or not applies(rule, candidate):
            continue
        decision = _one(rule, candidate, now)
        if isinstance(decision, Expire | Remove):
            return decision
        found = found or decision
    return found


def applies(rule: Document, candidate: Candidate) -> bool:
    chosen = rule.get("Filter") or {}
    chosen = {**chosen, **(chosen.get("And") or {})}
    tags = [*(chosen.get("Tags") or ()), *([chosen["Tag"]] if chosen.get("Tag") else ())]
    return (
        candidate.key.startswith(rule.get("Prefix") or chosen.get("Prefix") or "")
        and all(candidate.tags.get(tag["Key"]) == tag["Value"] for tag in tags)
        and candidate.size > chosen.get("ObjectSizeGreaterThan", -1)
        and candidate.size < chosen.get("ObjectSizeLessThan", 2**63)
    )


def _one(rule: Document, candidate: Candidate, now: float) -> Decision:
    if candidate.rank:
        return _noncurrent(rule.get("NoncurrentVersionExpiration") or {}, candidate, now)
    expiration = rule.get("Expiration") or {}
    if candidate.marker:
        cleans = expiration.get("ExpiredObjectDeleteMarker") and candidate.alone
        return Remove() if cleans else None
    if _due(expiration, candidate.modified, now):
        return Expire()
    return _transition(rule.get("Transitions") or [], candidate, now)


def _due(action: Document, since: float, now: float) -> bool:
    if "Date" in action:
        return bool(now >= action["Date"])
    return "Days" in action and now >= midnight_after(since + action["Days"] * DAY_S)


def _noncurrent(action: Document, candidate: Candidate, now: float) -> Decision:
    if "NoncurrentDays" not in action:
        return None
    if candidate.rank <= action.get("NewerNoncurrentVersions", 0):
        return None
    due = midnight_after(candidate.newer + action["NoncurrentDays"] * DAY_S)
    return Remove() if now >= due else None


def _transition(transitions: list[Document], candidate: Candidate, now: float) -> Decision:
    """The last of those that are due, unless the object is there already."""
    due = [t for t in transitions if _due(t, candidate.modified, now)]
    if not due:
        return None
    last = max(due, key=lambda t: (t.get("Days", 0), t.get("Date", 0)))["StorageClass"]
    return None if last == candidate.storage_class else Transition(last)


def aborts(rules: Iterable[Document], key: str, initiated: float, now: float) -> bool:
    """Whether an upload in progress has been so for too long."""
    for rule in rules:
        days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
        upload = Candidate(key, 0, {}, False, initiated, "STANDARD")
        if rule["Status"] != "Enabled" or days is None or not applies(rule, upload):
            continue
        if now >= midnight_after(initiated + days * DAY_S):
            return True
    return False
