"""Notification rules: validated, and matched against what happened. Pure.

Source: S3 User Guide, "Configuring event notifications using object key name filtering" and
"Event notification types and destinations".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from owari.arn import parse_arn
from owari.errors import ServiceError
from owari.services.s3 import errors
from owari.services.s3.paging import url_encode

Configuration = dict[str, Any]

# List of the configuration: (its member that names the target, service, what to call it).
KINDS = {
    "TopicConfigurations": ("TopicArn", "sns", "topic"),
    "QueueConfigurations": ("QueueArn", "sqs", "queue"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda", "Lambda"),
}
_FAMILIES = {
    "ObjectCreated": ("Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": ("Delete", "DeleteMarkerCreated"),
    "ObjectRestore": ("Post", "Completed", "Delete"),
    "Replication": (
        "OperationFailedReplication",
        "OperationNotTracked",
        "OperationMissedThreshold",
        "OperationReplicatedAfterThreshold",
    ),
    "LifecycleExpiration": ("Delete", "DeleteMarkerCreated"),
    "ObjectTagging": ("Put", "Delete"),
    "ObjectAnnotation": ("Put", "Delete"),
}
EVENTS = {
    "s3:ReducedRedundancyLostObject",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectAcl:Put",
    "s3:ObjectRetention:Put",
    *(f"s3:{family}:*" for family in _FAMILIES),
    *(f"s3:{family}:{name}" for family, names in _FAMILIES.items() for name in names),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind` is a key of KINDS."""

    kind: str
    target: str
    id: str
    events: tuple[str, ...]
    prefix: str
    suffix: str

    @property
    def service(self) -> str:
        return KINDS[self.kind][1]

    def matches(self, event: str, key: str) -> bool:
        """`event` is e.g. `ObjectCreated:Put`. AWS wants filters URL-encoded where a key's
        characters need it; a filter written plainly is taken as it is meant."""
        if not any(_covers(pattern, f"s3:{event}") for pattern in self.events):
            return False
        return any(
            text.startswith(self.prefix) and text.endswith(self.suffix)
            for text in (key, url_encode(key))
        )


def _covers(pattern: str, event: str) -> bool:
    return event.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == event


def rules_of(configuration: Mapping[str, Any]) -> Iterator[Rule]:
    for kind, (member, _service, _name) in KINDS.items():
        for entry in configuration.get(kind) or ():
            filters = {
                rule["Name"].lower(): rule.get("Value", "")
                for rule in ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
            }
            yield Rule(
                kind,
                entry[member],
                entry["Id"],
                tuple(entry["Events"]),
                filters.get("prefix", ""),
                filters.get("suffix", ""),
            )


# ---- validation
def normalised(configuration: Mapping[str, Any], new_id: Callable[[], str]) -> Configuration:
    """What is stored and returned: ids given, filters checked. Raises InvalidArgument."""
    made: Configuration = {}
    for kind, (member, service, _name) in KINDS.items():
        entries = [
            _entry(entry, member, service, new_id) for entry in configuration.get(kind) or ()
        ]
        if entries:
            made[kind] = entries
    if configuration.get("EventBridgeConfiguration") is not None:
        made["EventBridgeConfiguration"] = {}
    rules = list(rules_of(made))
    if len({rule.id for rule in rules}) < len(rules):
        raise errors.invalid_argument("Configuration Ids should be unique")
    if len(rules) > 100:
        raise errors.invalid_argument("Cannot have more than 100 notification configurations")
    for one, other in combinations(rules, 2):
        _check_overlap(one, other)
    return made


def _entry(
    entry: Mapping[str, Any], member: str, service: str, new_id: Callable[[], str]
) -> Configuration:
    arn = entry.get(member)
    parsed = parse_arn(arn or "")
    if parsed is None or parsed.service != service or not parsed.resource:
        raise errors.invalid_argument("The ARN could not be parsed", member, arn or "")
    events = entry.get("Events") or []
    if not events:
        raise errors.malformed_xml()
    for event in events:
        if event not in EVENTS:
            raise errors.invalid_argument(
                f"The event '{event}' is not supported for notifications", "Event", event
            )
    made: Configuration = {"Id": entry.get("Id") or new_id(), member: arn, "Events": list(events)}
    if len(made["Id"]) > 255:
        raise errors.invalid_argument("Configuration Id cannot exceed 255 characters", "Id")
    filters = ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules")
    if filters:
        made["Filter"] = {"Key": {"FilterRules": _filters(filters)}}
    return made


def _filters(rules: list[dict[str, str]]) -> list[dict[str, str]]:
    made: dict[str, dict[str, str]] = {}
    for rule in rules:
        name, value = (rule.get("Name") or "").lower(), rule.get("Value") or ""
        if name not in ("prefix", "suffix"):
            raise errors.invalid_argument(
                "filter rule name must be either prefix or suffix", "FilterRule.Name", name
            )
        if name in made:
            raise errors.invalid_argument(
                f"Cannot specify more than one {name} rule in a filter.", "FilterRule.Name", name
            )
        if len(value.encode()) > 1024:
            raise errors.invalid_argument(
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
                "FilterRule.Value",
                value,
            )
        made[name] = {"Name": name.capitalize(), "Value": value}
    return list(made.values())


def _check_overlap(one: Rule, other: Rule) -> None:
    if not any(_covers(a, b) or _covers(b, a) for a in one.events for b in other.events):
        return
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    if not (prefixes and suffixes):
        return
    if not (one.prefix or one.suffix or other.prefix or other.suffix):
        raise errors.invalid_argument(
            "Configurations overlap. Configurations on the same bucket cannot share a common"
            " event type."
        )
    raise errors.invalid_argument(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if"
        " the prefixes are overlapping for the same event type."
    )


def unreachable(problems: list[tuple[str, str]]) -> ServiceError:
    """Targets that could not be validated, as (ARN, why)."""
    fields = {}
    for number, (arn, why) in enumerate(problems, 1):
        fields[f"ArgumentName{number}"] = arn
        fields[f"ArgumentValue{number}"] = why
    return ServiceError(
        "InvalidArgument",
        "Unable to validate the following destination configurations",
        status=400,
        fields=fields,
    )
